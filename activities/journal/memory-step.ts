import type { Delta, StepCall, StepOutcome, Usage } from '../../contracts/step.ts';
import type { HumanTask, Settlement } from '../../contracts/human-task.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { NO_USAGE } from '../../contracts/step.ts';
import type { Reservation } from '../../contracts/journal.ts';
import type { StepRecord } from '../../contracts/records.ts';

/** A step as a journal in memory keeps it. */
export interface MemoryStep extends StepRecord {
  readonly memo: JsonObject;
  readonly deltas: readonly Delta[];
}

/** What names a step in its record. */
export function recordOf(
  runId: string,
  epoch: number,
  call: StepCall,
): Pick<StepRecord, 'runId' | 'epoch' | 'stepId' | 'nodeId' | 'op' | 'visit' | 'key'> {
  const { stepId, nodeId, op, visit, key } = call;
  return { runId, epoch, stepId, nodeId, op, visit, key };
}

/** A step that was just reserved. */
export function newStep(runId: string, { call, epoch, memo }: Reservation): MemoryStep {
  return {
    ...recordOf(runId, epoch, call),
    status: 'running',
    attempt: 1,
    outcome: null,
    result: null,
    error: null,
    usage: NO_USAGE,
    startedAt: new Date().toISOString(),
    endedAt: null,
    seq: null,
    memo,
    deltas: [],
  };
}

/** The outcome that a step has from its first commit on. */
export function outcomeOf({ stepId, outcome }: StepRecord): StepOutcome {
  if (outcome === null) throw new Error(`step ${stepId} has no outcome`);
  return outcome;
}

/** How the task was answered; null while it is open, and when it was cancelled. */
export function settlementOf(task: HumanTask): Settlement | null {
  if (task.decision !== null) return { by: 'decision', decision: task.decision };
  return task.status === 'expired' ? { by: 'timeout' } : null;
}

/** Use of both together. */
export function sum(a: Usage, b: Usage): Usage {
  return {
    modelCalls: a.modelCalls + b.modelCalls,
    toolCalls: a.toolCalls + b.toolCalls,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
  };
}
