import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  setWorkflowOptions,
} from '@temporalio/workflow';
import type {
  EndIngestionResult,
  IngestionActivities,
  IngestionOutcome,
} from '../activities/knowledge/ingestion-activity-types.ts';
import type { IngestionRef } from '../contracts/ingestion-control.ts';
import { memoryActivities } from './memory-activities.ts';
import { toStepFailure } from './step-failure.ts';

const { cutDocument, awaitIndexed } = memoryActivities<IngestionActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '500 ms', maximumInterval: '30 seconds', maximumAttempts: 12 },
});

/** Embedders are services that may be away for hours; a document waits for them. */
const { embedDocument } = memoryActivities<IngestionActivities>({
  startToCloseTimeout: '6 hours',
  scheduleToCloseTimeout: '2 days',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
});

/** Retried until the database answers: an ingestion without an end would block its document. */
const { endIngestion } = memoryActivities<IngestionActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 ms', maximumInterval: '30 seconds' },
});

/** Takes a document from bytes to pieces that are found; contents that come meanwhile go next. */
export async function ingestDocument(ref: IngestionRef): Promise<void> {
  let stop: unknown = null;
  for (let now: IngestionRef | null = ref; now !== null;) {
    const current: IngestionRef = now;
    // Who cancelled meant what ran then, not contents that nobody else would ingest.
    const ended: Ended =
      stop === null
        ? await ingestOnce(current)
        : await CancellationScope.nonCancellable(() => ingestOnce(current));
    now = ended.next;
    stop ??= ended.stop;
  }
  if (stop instanceof Error) throw stop;
}

/** Whose turn is next, and the cancellation that ended this one. */
interface Ended {
  readonly next: IngestionRef | null;
  readonly stop: unknown;
}

// A plain error would be retried for ever while the ingestion looks alive; it must fail visibly.
setWorkflowOptions({ failureExceptionTypes: [Error] }, ingestDocument);

async function ingestOnce(ref: IngestionRef): Promise<Ended> {
  try {
    const { added } = await cutDocument(ref);
    await embedDocument({ ...ref, expected: added });
    await awaitIndexed(ref);
  } catch (error) {
    const { next } = await end(ref, outcomeOf(error));
    return { next, stop: isCancellation(error) ? error : null };
  }
  return { next: (await end(ref, { state: 'succeeded' })).next, stop: null };
}

function end(ref: IngestionRef, outcome: IngestionOutcome): Promise<EndIngestionResult> {
  return CancellationScope.nonCancellable(() => endIngestion({ ...ref, outcome }));
}

function outcomeOf(error: unknown): IngestionOutcome {
  if (isCancellation(error)) return { state: 'cancelled' };
  const failure = toStepFailure(error);
  // Somebody replaced the contents or ended the ingestion: it has not failed.
  if (failure.code === 'knowledge.conflict') return { state: 'cancelled' };
  return { state: 'failed', failure };
}
