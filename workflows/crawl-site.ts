import {
  ActivityCancellationType,
  CancellationScope,
  continueAsNew,
  isCancellation,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  CrawlActivities,
  CrawlOutcome,
} from '../activities/knowledge/crawl/crawl-activity-types.ts';
import type { CrawlRef } from '../contracts/crawl-control.ts';
import type { IngestionRef } from '../contracts/ingestion-control.ts';
import { ingestDocument } from './ingest-document.ts';
import { memoryActivities } from './memory-activities.ts';
import { startAbandoned } from './start-abandoned.ts';
import { toStepFailure } from './step-failure.ts';

const MAX_HISTORY_EVENTS = 1_000;

/** Asked again for some minutes: without its robots.txt nothing of a site is read. */
const { readRobots } = memoryActivities<CrawlActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', maximumInterval: '1 minute', maximumAttempts: 8 },
});

const { crawlPage } = memoryActivities<CrawlActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 ms', maximumInterval: '30 seconds', maximumAttempts: 12 },
});

/** Retried until the database answers: a crawl without an end would look as if it went on. */
const { endCrawl } = memoryActivities<CrawlActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '30 seconds' },
});

/** A crawl; one that has begun goes on. */
export interface CrawlSiteArgs extends CrawlRef {
  readonly begun?: boolean;
}

/** Reads the pages of a site one after the other, and has each ingested. */
export async function crawlSite({ begun = false, ...ref }: CrawlSiteArgs): Promise<void> {
  let ended: boolean;
  try {
    if (!begun) await readRobots(ref);
    ended = await crawlPages(ref);
  } catch (error) {
    await end(ref, outcomeOf(error));
    if (isCancellation(error)) throw error;
    return;
  }
  if (!ended) await continueAsNew<typeof crawlSite>({ ...ref, begun: true });
  await end(ref, { state: 'succeeded' });
}

// A plain error would be retried for ever while the crawl looks alive; it must fail visibly.
setWorkflowOptions({ failureExceptionTypes: [Error] }, crawlSite);

/** False where its history has grown long, and another one is to go on. */
async function crawlPages(ref: CrawlRef): Promise<boolean> {
  for (;;) {
    const step = await crawlPage(ref);
    if (step.kind === 'ended') return true;
    const { ingestion, pauseMs } = step;
    // The page is noted: who cancels the crawl does not mean its document.
    if (ingestion !== null) await CancellationScope.nonCancellable(() => startIngestion(ingestion));
    if (pauseMs > 0) await sleep(pauseMs);
    if (workflowInfo().historyLength > MAX_HISTORY_EVENTS) return false;
  }
}

/** Its sweeper may have been faster. */
function startIngestion(ref: IngestionRef): Promise<void> {
  return startAbandoned(ingestDocument, { workflowId: ref.ingestionId, args: [ref] });
}

function end(ref: CrawlRef, outcome: CrawlOutcome): Promise<void> {
  return CancellationScope.nonCancellable(() => endCrawl({ ...ref, outcome }));
}

function outcomeOf(error: unknown): CrawlOutcome {
  if (isCancellation(error)) return { state: 'cancelled' };
  return { state: 'failed', failure: toStepFailure(error) };
}
