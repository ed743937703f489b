import type { CrawlControl } from '../contracts/crawl-control.ts';
import type { CrawlStore } from '../db/stores/crawl-store.ts';
import type { Logger } from './logger.ts';
import { startSweeping, sweepQuiet } from './sweep-quiet.ts';

/** What the sweeper of crawls works with. */
export interface CrawlSweeperDeps {
  readonly crawls: Pick<CrawlStore, 'quiet' | 'end'>;
  readonly control: Pick<CrawlControl, 'start'>;
  readonly log: Logger;
  /** Crawls that wrote nothing for this long may lack their workflow. */
  readonly quietMs?: number;
}

/** Starts workflows of crawls whose start was lost. */
export function startCrawlSweeper(deps: CrawlSweeperDeps): AsyncDisposable {
  return startSweeping('crawls', deps.log, () => sweepCrawls(deps));
}

/** One pass; answers with how many quiet ones there were. */
export function sweepCrawls({ crawls, control, quietMs }: CrawlSweeperDeps): Promise<number> {
  return sweepQuiet({
    quietMs,
    quiet: (search) => crawls.quiet(search),
    start: (ref) => control.start(ref),
    fail: (ref, error) => crawls.end(ref, { state: 'failed', error }),
  });
}
