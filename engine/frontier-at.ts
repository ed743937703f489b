import { advance, begin } from './advance.ts';
import { NO_USAGE } from '../contracts/step.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { StepRecord } from '../contracts/records.ts';

/**
 * Where a run stood after these steps, in the order in which they finished. The clock is left aside:
 * the question is what comes next, not whether it was in time.
 */
export function frontierAt(plan: Plan, steps: readonly StepRecord[], startedAt = 0): Frontier {
  let frontier = begin(plan, startedAt);
  for (const { stepId, outcome, usage } of steps) {
    if (outcome === null) continue;
    // A record's usage is all that the step used, also before a wait.
    const whole = { ...outcome, usage: outcome.kind === 'wait' ? NO_USAGE : usage };
    frontier = advance(plan, frontier, { stepId, outcome: whole, now: startedAt }).frontier;
  }
  return frontier;
}
