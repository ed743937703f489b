import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { MemoryActivities } from '../activities/memory/memory-activity-types.ts';
import { memoryActivities } from './memory-activities.ts';

const {
  workspacesDue,
  sweepMemories: sweep,
  tidyMemory,
} = memoryActivities<MemoryActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumAttempts: 5 },
});

const MAX_HISTORY_EVENTS = 1_000;

/** What one sweep did. */
export interface SweepTotals {
  readonly workspaces: number;
  readonly due: number;
  readonly summaries: number;
  readonly archived: number;
  readonly deleted: number;
}

const NOTHING: SweepTotals = { workspaces: 0, due: 0, summaries: 0, archived: 0, deleted: 0 };

/**
 * Consolidates, archives and deletes what has faded, in every workspace that has something due;
 * started by a schedule.
 */
export async function sweepMemories(before: SweepTotals = NOTHING): Promise<SweepTotals> {
  let totals = before;
  for (const workspaceId of await workspacesDue()) {
    totals = { ...totals, workspaces: totals.workspaces + 1 };
    for (let more = true; more;) {
      if (workflowInfo().historyLength > MAX_HISTORY_EVENTS) {
        return continueAsNew<typeof sweepMemories>(totals);
      }
      const round = await sweep({ workspaceId });
      more = round.more;
      totals = {
        ...totals,
        due: totals.due + round.due,
        summaries: totals.summaries + round.summaries,
        archived: totals.archived + round.archived,
        deleted: totals.deleted + round.deleted,
      };
    }
  }
  await tidyMemory();
  return totals;
}
