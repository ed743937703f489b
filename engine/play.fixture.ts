import { expect } from '@jest/globals';
import { advance, begin, type Advanced } from './advance.ts';
import { ONE_ATTEMPT } from './plan.fixture.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import { NO_USAGE, type SpawnedCall, type StepOutcome, type Usage } from '../contracts/step.ts';

/** A step that went well. */
export const DONE: StepOutcome = { kind: 'done' };

/** A call that a step asks for. */
export const CALL: SpawnedCall = {
  gear: 'step',
  timeoutMs: 5,
  retry: ONE_ATTEMPT,
  heartbeat: true,
};

/** No use at all. */
export const USAGE: Usage = NO_USAGE;

/** Steps that are ready, running or waiting. */
export function ids(frontier: Frontier): readonly string[] {
  return frontier.tokens.map((token) => token.stepId);
}

/** Applies outcomes in order from a run's start; a bare id is `done`. */
export function play(plan: Plan, ...moves: readonly (string | [string, StepOutcome])[]): Advanced {
  let state: Advanced = { frontier: begin(plan, 0), cancelled: [] };
  for (const move of moves) {
    const [stepId, outcome] = typeof move === 'string' ? [move, DONE] : move;
    expect(ids(state.frontier)).toContain(stepId);
    state = advance(plan, state.frontier, { stepId, outcome, now: 0 });
  }
  return state;
}
