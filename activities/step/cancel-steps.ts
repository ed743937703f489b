import { NO_USAGE, type StepCall } from '../../contracts/step.ts';
import { stepCancelled } from './event-data.ts';
import type { Failure } from '../../contracts/app-error.ts';
import type { CommitUnit, Journal, RunRef } from '../../contracts/journal.ts';
import type { StepRecord } from '../../contracts/records.ts';

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

/** An attempt that begins in between gets in the way once; it is found the next time. */
const TRIES = 3;

async function cancelStep(
  journal: Journal,
  ref: RunRef,
  step: { readonly epoch: number; readonly call: StepCall },
): Promise<void> {
  const { epoch, call } = step;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const record = await journal.loadStep(ref, epoch, call.stepId);
    if (record === null || (record.status !== 'running' && record.status !== 'waiting')) return;
    const answer = await journal.commit(cancellation(ref, step, record));
    if (answer.kind !== 'superseded') return;
  }
}

function cancellation(
  ref: RunRef,
  { epoch, call }: { readonly epoch: number; readonly call: StepCall },
  record: StepRecord,
): CommitUnit {
  return {
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
  };
}
