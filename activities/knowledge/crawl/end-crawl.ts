import type { CrawlDeps } from './crawl-deps.ts';
import type { EndCrawlArgs } from './crawl-activity-types.ts';

/** Notes how a crawl ended, unless it has ended already: cancelled, or without its first page. */
export async function endCrawl(
  { crawls }: Pick<CrawlDeps, 'crawls'>,
  { workspaceId, crawlId, outcome }: EndCrawlArgs,
): Promise<void> {
  const ref = { workspaceId, crawlId };
  if (outcome.state !== 'failed') return crawls.end(ref, { state: outcome.state });
  const { code, message } = outcome.failure;
  return crawls.end(ref, { state: 'failed', error: `${code}: ${message}` });
}
