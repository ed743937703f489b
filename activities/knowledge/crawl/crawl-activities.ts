import { asActivity, beating } from '../../as-activity.ts';
import { Context } from '@temporalio/activity';
import type { CrawlActivities } from './crawl-activity-types.ts';
import type { CrawlDeps } from './crawl-deps.ts';
import { crawlPage } from './crawl-page.ts';
import { endCrawl } from './end-crawl.ts';
import { readRobots } from './read-robots.ts';

/** The activities of crawls, for a worker to register. */
export function createCrawlActivities(deps: CrawlDeps): CrawlActivities {
  const during = <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> =>
    asActivity(() => beating(() => work(Context.current().cancellationSignal)));
  return {
    readRobots: (ref) => during((signal) => readRobots(deps, ref, signal)),
    crawlPage: (ref) => during((signal) => crawlPage(deps, ref, signal)),
    endCrawl: (args) => asActivity(() => endCrawl(deps, args)),
  };
}
