import type { Frontier, Token } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { StepOutcome } from '../contracts/step.ts';

/** Thrown by `Driver.execute`: the step stays ready and is left to another gear. */
export class HandBack extends Error {
  constructor(message = 'the step is left to another gear') {
    super(message);
    this.name = 'HandBack';
  }
}

/** What drives a run's steps: a segment, or a run in process. */
export interface Driver {
  /** Whether this gear executes the step; others stay ready in the frontier. */
  mayRun(token: Token): boolean;
  /**
   * Executes a step. `after` previews where the run stands once the outcome counts; call it at the
   * moment of the commit, so that the run's end can be committed with its last step.
   */
  execute(token: Token, after: (outcome: StepOutcome) => Frontier): Promise<StepOutcome>;
  /** Told of steps that are not wanted any more; those in flight should stop. */
  cancelled(stepIds: readonly string[]): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** True: no further step is started; those in flight are waited for. */
  shouldStop(): boolean;
}

/** Executes ready steps until none is left that may run, and answers with where the run stands. */
export async function drive(plan: Plan, frontier: Frontier, driver: Driver): Promise<Frontier> {
  throw new Error('todo');
}
