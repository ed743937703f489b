import type { Frontier } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { StepRecord } from '../contracts/records.ts';

/**
 * Where a run stood after these steps, in the order in which they finished. Budgets of time are left
 * aside: the question is what comes next, not whether it was in time.
 */
export function frontierAt(plan: Plan, steps: readonly StepRecord[], startedAt?: number): Frontier {
  throw new Error('todo');
}
