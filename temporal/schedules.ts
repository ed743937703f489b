import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';

/** The schedule that lets memories fade. */
export interface SweepSchedule {
  readonly taskQueue: string;
  readonly everyMs: number;
}

/** Names the schedule of an installation: two on one Temporal namespace have a queue each. */
export function sweepScheduleId(taskQueue: string): string {
  return `sweep-memories-${taskQueue}`;
}

/**
 * Makes sure that memories are swept: makes the schedule, or gives the one that is there today's
 * interval. Every worker calls it at its start.
 */
export async function ensureSweepSchedule(
  client: Client,
  { taskQueue, everyMs }: SweepSchedule,
): Promise<void> {
  const scheduleId = sweepScheduleId(taskQueue);
  const spec = { intervals: [{ every: everyMs }] };
  const action = {
    type: 'startWorkflow' as const,
    workflowType: 'sweepMemories',
    workflowId: scheduleId,
    taskQueue,
    args: [],
  };
  const policies = { overlap: ScheduleOverlapPolicy.SKIP };
  try {
    await client.schedule.create({ scheduleId, spec, action, policies });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(scheduleId)
      .update((before) => ({ ...before, spec, action, policies }));
  }
}
