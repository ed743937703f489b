import type { Decision } from '../contracts/human-task.ts';
import type { Failure } from '../contracts/app-error.ts';
import type { Frontier, RunEnd } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { RunRef } from '../contracts/journal.ts';
import type { StepCall, StepOutcome } from '../contracts/step.ts';

/** Asks for as many consecutive cheap steps as are ready. */
export interface RunSegmentArgs extends RunRef {
  /** Null at the run's beginning: the first frontier is made from the plan. */
  readonly frontier: Frontier | null;
  /** Steps that must not run here: they run, or will run, as activities of their own. */
  readonly handedBack: readonly string[];
  /** Ask for the plan and the names too: at the beginning, and after continue-as-new. */
  readonly withPlan: boolean;
}

/** What an operator reads in Temporal's UI. */
export interface RunNames {
  readonly agent: string;
  readonly version: string;
}

/** Where the run stands behind the segment. */
export interface RunSegmentResult {
  readonly frontier: Frontier;
  readonly handedBack: readonly string[];
  /** Ids of the steps executed, in order. */
  readonly ran: readonly string[];
  /** True when the run's end is in the journal already. */
  readonly recorded: boolean;
  readonly plan?: Plan;
  readonly names?: RunNames;
}

/** One step by a regular activity. */
export interface RunStepArgs extends RunRef {
  readonly epoch: number;
  readonly call: StepCall;
  readonly maxAttempts: number;
}

/** Gives a step up that no attempt finished. */
export interface FailStepArgs extends RunStepArgs {
  readonly failure: Failure;
}

/** A person's decision, on its way into the journal. */
export interface RecordDecisionArgs extends RunRef {
  readonly taskId: string;
  readonly decision: Decision;
}

/** A task whose deadline has passed. */
export interface ExpireTaskArgs extends RunRef {
  readonly taskId: string;
}

/** Which settlement stands. */
export interface SettleResult {
  readonly by: 'decision' | 'timeout';
  readonly decisionId: string | null;
}

/** The end of a run that no step commits. */
export interface FinishRunArgs extends RunRef {
  readonly epoch: number;
  readonly end: RunEnd;
}

/** Activities of `agentRun`; all are idempotent. Results are small. */
export interface AgentRunActivities {
  runSegment(args: RunSegmentArgs): Promise<RunSegmentResult>;
  runStep(args: RunStepArgs): Promise<StepOutcome>;
  failStep(args: FailStepArgs): Promise<StepOutcome>;
  recordDecision(args: RecordDecisionArgs): Promise<SettleResult>;
  expireTask(args: ExpireTaskArgs): Promise<SettleResult>;
  /** Answers with the end that stands: a run ends once. */
  finishRun(args: FinishRunArgs): Promise<RunEnd>;
}
