import type { CommitUnit, StepWrite } from '../../contracts/journal.ts';
import { isUsed, stepPayload, toEventPayload } from './commit-payload.ts';

/** A unit that `journal_commit_plain` takes. */
export type PlainUnit = CommitUnit & { readonly step: StepWrite };

/**
 * True for a finished, unreserved step that used nothing, opens no task and carries no snapshot; it
 * may begin or end its run, outside of a thread.
 */
export function isPlain(unit: CommitUnit): unit is PlainUnit {
  const { step, tasks, snapshot, end } = unit;
  if (step === undefined || step.attempt > 0 || step.status === 'waiting') return false;
  if (isUsed(step.usage) || tasks !== undefined || snapshot !== undefined) return false;
  return end === undefined || end.messages.length === 0;
}

interface Placed {
  readonly unit: PlainUnit;
  readonly i: number;
}

/** Units by run as `journal_commit_plain` reads them; `i` is the place in the batch. */
export function toPlainPayload(batch: readonly PlainUnit[]): readonly object[] {
  const byRun = new Map<string, Placed[]>();
  for (const [i, unit] of batch.entries()) {
    const key = `${unit.workspaceId} ${unit.runId} ${unit.epoch}`;
    const ofRun = byRun.get(key);
    if (ofRun === undefined) byRun.set(key, [{ unit, i }]);
    else ofRun.push({ unit, i });
  }
  // Sorted by their ids: all batches lock runs in one order.
  return [...byRun.keys()].sort().map((key) => runPayload(byRun.get(key) ?? []));
}

function runPayload(ofRun: readonly Placed[]): object {
  let behind = 0;
  const units = ofRun.toReversed().map(({ unit: { step, events }, i }) => {
    const n = events.length;
    behind += n;
    return {
      i,
      n,
      behind: behind - n,
      events: events.map(toEventPayload),
      ...stepPayload(step, events),
    };
  });
  // A unit that begins or ends its run is the only one of the run in its batch.
  const { workspaceId, runId, epoch, start, end } = ofRun[0]?.unit ?? {};
  return {
    workspace_id: workspaceId,
    run_id: runId,
    epoch,
    n: behind,
    starts: start,
    end_status: end?.end.status,
    output: end?.output,
    end_error: end?.end.status === 'failed' ? end.end.error : undefined,
    units,
  };
}
