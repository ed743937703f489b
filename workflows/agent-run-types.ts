import type { Decision } from '../contracts/human-task.ts';
import type { Frontier } from '../contracts/frontier.ts';
import type { RunRef } from '../contracts/journal.ts';

/** Where the run goes on after continue-as-new: references and ids only. */
export interface CarriedOver {
  readonly frontier: Frontier;
  readonly handedBack: readonly string[];
  /** Task and decision ids, so that a late, different decision is refused. */
  readonly decided: readonly (readonly [taskId: string, decisionId: string])[];
}

/** Input of `agentRun`. */
export interface AgentRunInput extends RunRef {
  readonly carried?: CarriedOver;
}

/** Argument of the `decide` update; its update id is `taskId/decisionId`. */
export interface DecideArgs {
  readonly taskId: string;
  readonly decision: Decision;
}
