import { NO_USAGE, type StepCall } from '../../contracts/step.ts';
import { stepCancelled } from './event-data.ts';
import type { Failure } from '../../contracts/app-error.ts';
import type { Journal, RunRef } from '../../contracts/journal.ts';

const NOT_WANTED: Failure = { code: 'step.superseded', message: 'the step is not wanted any more' };

/**
 * Journals that steps are not wanted any more: a join went on without them. Their open tasks go,
 * and attempts that are still under way find them finished. Steps that never began leave no trace.
 */
export async function cancelSteps(
  journal: Journal,
  ref: RunRef,
  dropped: { readonly epoch: number; readonly calls: readonly StepCall[] },
): Promise<void> {
  const { epoch, calls } = dropped;
  await Promise.all(calls.map((call) => cancelStep(journal, ref, { epoch, call })));
}

async function cancelStep(
  journal: Journal,
  ref: RunRef,
  { epoch, call }: { readonly epoch: number; readonly call: StepCall },
): Promise<void> {
  const record = await journal.loadStep(ref, epoch, call.stepId);
  if (record === null || (record.status !== 'running' && record.status !== 'waiting')) return;
  await journal.commit({
    workspaceId: ref.workspaceId,
    runId: ref.runId,
    epoch,
    step: {
      call,
      status: 'cancelled',
      attempt: record.attempt,
      outcome: { kind: 'failed', error: NOT_WANTED },
      deltas: [],
      result: null,
      error: null,
      usage: NO_USAGE,
      memo: {},
      startedAt: Date.parse(record.startedAt),
    },
    events: [stepCancelled(call)],
  });
}
