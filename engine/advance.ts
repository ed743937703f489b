import type { Failure } from '../contracts/app-error.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { StepOutcome } from '../contracts/step.ts';

/** What happened to a step. */
export interface AdvanceInput {
  readonly stepId: string;
  readonly outcome: StepOutcome;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Where the run stands afterwards, and the steps that were given up on the way. */
export interface Advanced {
  readonly frontier: Frontier;
  /** Ids of steps that were ready, running or waiting and are not wanted any more. */
  readonly cancelled: readonly string[];
}

/** Where a run stands before its first step. `startedAt` is in milliseconds since the epoch. */
export function begin(plan: Plan, startedAt: number): Frontier {
  throw new Error('todo');
}

/** Applies the outcome of a step. An outcome of a step that the run no longer wants changes nothing. */
export function advance(plan: Plan, frontier: Frontier, input: AdvanceInput): Advanced {
  throw new Error('todo');
}

/** The step that waits for the task is ready again; unchanged if none does. */
export function settle(frontier: Frontier, taskId: string): Frontier {
  throw new Error('todo');
}

/** Ends the run as cancelled; a run that has ended stays as it is. */
export function cancelRun(frontier: Frontier): Advanced {
  throw new Error('todo');
}

/** Ends the run as failed; a run that has ended stays as it is. */
export function failRun(frontier: Frontier, failure: Failure): Advanced {
  throw new Error('todo');
}
