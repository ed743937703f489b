import type { Client } from '@temporalio/client';
import { answered, cancelIfOpen, startOnce } from './start-once.ts';
import type { CrawlControl } from '../contracts/crawl-control.ts';

/** Steers crawls through Temporal; the id of a crawl is that of its workflow. */
export function createCrawlControl(
  client: Client,
  { taskQueue }: { readonly taskQueue: string },
): CrawlControl {
  return {
    start: ({ workspaceId, crawlId }) =>
      answered(client, () =>
        startOnce(client, 'crawlSite', {
          workflowId: crawlId,
          taskQueue,
          args: [{ workspaceId, crawlId }],
          staticSummary: `crawl ${crawlId}`,
        }),
      ),
    cancel: (crawlId) => answered(client, () => cancelIfOpen(client, crawlId)),
  };
}
