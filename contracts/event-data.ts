import type { Decision, DecisionKind, HumanTaskKind } from './human-task.ts';
import type { Failure } from './app-error.ts';
import type { JsonObject } from './json.ts';
import type { PromptCitation } from './recall.ts';
import type { Usage } from './step.ts';
import type { Value } from './blob.ts';

/** What every entry about a step's execution says. */
export interface StepData {
  readonly nodeId: string;
  readonly op: 'node' | 'call';
  readonly visit: number;
}

/** Data of `step.started`. */
export interface StepStartedData extends StepData {
  readonly attempt: number;
  /** Set where the step calls a tool. */
  readonly tool?: string;
  readonly arguments?: Value;
}

/** Data of `step.completed`. */
export interface StepCompletedData extends StepData {
  readonly result: Value;
  /** Names of the channels that the step wrote. */
  readonly writes: readonly string[];
  readonly usage?: Usage;
  /** Case of the conditional edge that was taken, -1 for its else. */
  readonly take?: number;
  /** `provider:name` that answered. */
  readonly model?: string;
  /** Set where the step failed and the run went on with a default. */
  readonly error?: Failure;
}

/** Data of `run.created`. */
export interface RunCreatedData {
  readonly agentId: string;
  readonly agentName: string;
  readonly versionId: string;
  readonly version: string;
  readonly threadId: string | null;
}

/** Data of `human_task.created`. */
export interface HumanTaskCreatedData {
  readonly taskId: string;
  readonly kind: HumanTaskKind;
  readonly title: string;
  readonly allowed: readonly DecisionKind[];
  readonly assignees: readonly string[];
  readonly deadlineAt: string | null;
}

/** Data of `artifact.published`. */
export interface ArtifactPublishedData {
  readonly artifactId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

/** Data of `context.recalled`: what a model was shown of memories and documents. */
export interface ContextRecalledData {
  /** What the marks in its answer, as in `[2]`, refer to. */
  readonly citations: readonly PromptCitation[];
  readonly tokens: number;
  /** Found, but without room. */
  readonly omitted: number;
}

/** Data of each kind of journal entry; large values are references. */
export interface EventData {
  readonly 'run.created': RunCreatedData;
  readonly 'run.started': JsonObject;
  readonly 'run.succeeded': { readonly output: Value };
  readonly 'run.failed': { readonly error: Failure };
  readonly 'run.cancelled': JsonObject;
  readonly 'run.cancel_requested': JsonObject;
  readonly 'step.started': StepStartedData;
  /** `dropText`: text of the attempt before is void. */
  readonly 'step.retrying': { readonly nodeId: string; readonly dropText: boolean };
  readonly 'step.completed': StepCompletedData;
  readonly 'step.failed': StepData & { readonly error: Failure; readonly usage?: Usage };
  readonly 'step.cancelled': { readonly nodeId: string };
  readonly 'human_task.created': HumanTaskCreatedData;
  readonly 'human_task.decided': { readonly taskId: string; readonly decision: Decision };
  readonly 'human_task.expired': { readonly taskId: string };
  readonly 'human_task.cancelled': { readonly taskId: string };
  readonly 'artifact.published': ArtifactPublishedData;
  readonly 'context.recalled': ContextRecalledData;
}
