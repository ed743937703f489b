import { setWorkflowOptions } from '@temporalio/workflow';
import type { MemoryActivities } from '../activities/memory/memory-activity-types.ts';
import type { RunRef } from '../contracts/journal.ts';
import { memoryActivities } from './memory-activities.ts';

const { learnFromRun: learn } = memoryActivities<MemoryActivities>({
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '2 seconds', backoffCoefficient: 2, maximumInterval: '15 minutes' },
  summary: 'learn',
});

/** Learns from a run behind it, for as long as that takes. Answers with how much was written. */
export async function learnFromRun(ref: RunRef): Promise<number> {
  return learn({ workspaceId: ref.workspaceId, runId: ref.runId });
}

// A plain error would be retried for ever while the workflow looks alive; it must fail visibly.
setWorkflowOptions({ failureExceptionTypes: [Error] }, learnFromRun);
