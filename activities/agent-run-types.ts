import type { Decision } from '../contracts/human-task.ts';
import type { Failure } from '../contracts/app-error.ts';
import type { Frontier, RunEnd } from '../contracts/frontier.ts';
import type { Plan } from '../contracts/plan.ts';
import type { RunRef } from '../contracts/journal.ts';
import type { StepCall, StepOutcome } from '../contracts/step.ts';

/** Asks for the cheap steps that are ready to be executed in one go. */
export interface RunSegmentArgs extends RunRef {
  /** Null for a run that begins: the answer then brings the plan along. */
  readonly frontier: Frontier | null;
  /** Steps that must not run here: an activity of their own executes them. */
  readonly handedBack: readonly string[];
  /** Ask for plan and agent too although the run has begun: after continue-as-new. */
  readonly withPlan?: boolean;
}

/** What a workflow needs to know of the version that a run executes. */
export interface RunAgent {
  readonly agentId: string;
  readonly name: string;
  readonly versionId: string;
  readonly version: string;
}

/** Where the run stands after a segment. */
export interface RunSegmentResult {
  /** `end` is set when the segment committed the end of the run. */
  readonly frontier: Frontier;
  /** When the run began, and when asked for. */
  readonly plan?: Plan;
  /** When the run began, and when asked for. */
  readonly agent?: RunAgent;
  /** Ids of the steps executed or replayed from the journal, in their order. */
  readonly ran: readonly string[];
  /** The list asked with, and those whose retry is left to an activity of their own. */
  readonly handedBack: readonly string[];
}

/** Asks for one step to be executed by an activity of its own. */
export interface RunStepArgs extends RunRef {
  readonly epoch: number;
  readonly call: StepCall;
  readonly maxAttempts: number;
  /**
   * Given when nothing else is in flight: lets the step commit the run's end together with its own
   * result. Without it, `finishRun` writes the end.
   */
  readonly frontier?: Frontier;
}

/** The outcome of a step, and whether the run's end was committed with it. */
export interface RunStepResult {
  readonly outcome: StepOutcome;
  /** Present when the end of the run was committed with the step. */
  readonly end?: RunEnd;
}

/** Ends a step whose activity was given up: timed out, or its worker was lost too often. */
export interface FailStepArgs extends RunRef {
  readonly epoch: number;
  readonly call: StepCall;
  readonly failure: Failure;
  /** As in `RunStepArgs`. */
  readonly frontier?: Frontier;
}

/** Settles a human task by a person's decision. */
export interface RecordDecisionArgs extends RunRef {
  readonly taskId: string;
  readonly decision: Decision;
}

/** Settles a human task whose deadline has passed. */
export interface ExpireTaskArgs extends RunRef {
  readonly taskId: string;
}

/** The settlement that stands; a decision of another id means that somebody else was first. */
export interface SettledTask {
  readonly by: 'decision' | 'timeout';
  /** Present when a person decided. */
  readonly decisionId?: string;
}

/** Steps that the run dropped: a join went on without them. */
export interface CancelStepsArgs extends RunRef {
  readonly epoch: number;
  readonly calls: readonly StepCall[];
}

/** Ends a run where no step does: budgets, cancellations, a success that was found late. */
export interface FinishRunArgs extends RunRef {
  readonly epoch: number;
  readonly end: RunEnd;
}

/** The end that stands: a success whose output does not fit the version's schema is a failure. */
export interface FinishRunResult {
  readonly end: RunEnd;
}

/** The activities of a run, as its workflow calls them. Each may run twice. */
export interface AgentRunActivities {
  /** Local activity: executes the cheap steps that are ready, one after the other. */
  readonly runSegment: (args: RunSegmentArgs) => Promise<RunSegmentResult>;
  /** Regular activity with heartbeats: executes one step. */
  readonly runStep: (args: RunStepArgs) => Promise<RunStepResult>;
  /** Journals the final failure of a step; a `once` tool becomes a question instead. */
  readonly failStep: (args: FailStepArgs) => Promise<RunStepResult>;
  readonly recordDecision: (args: RecordDecisionArgs) => Promise<SettledTask>;
  readonly expireTask: (args: ExpireTaskArgs) => Promise<SettledTask>;
  /** Closes dropped steps and their open tasks; not needed for those of a run that has ended. */
  readonly cancelSteps: (args: CancelStepsArgs) => Promise<void>;
  readonly finishRun: (args: FinishRunArgs) => Promise<FinishRunResult>;
}
