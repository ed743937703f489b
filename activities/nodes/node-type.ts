import type { ArtifactPublishedData } from '../../contracts/event-data.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { Delta, SpawnedCall, StepCall, Usage } from '../../contracts/step.ts';
import type { Failure } from '../../contracts/app-error.ts';
import type { HumanTask, HumanTaskDraft, Settlement } from '../../contracts/human-task.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Message } from '../../contracts/message.ts';
import type { RunFacts } from '../../contracts/journal.ts';
import type { ChatModels } from '../../adapters/models/port.ts';
import type { NodeDescriptor } from '../../engine/node-descriptor.ts';
import type { OutputStream } from '../../contracts/sandbox.ts';
import type { ToolRegistry } from '../tools/registry.ts';

/** Values a node's expressions see: `input`, `state`, `visit`, and `result` once there is one. */
export interface Scope {
  /** Null where neither the node's config nor its exit mentions it; see `NodeContext.input`. */
  readonly input: Json;
  /** Channels that are mentioned hold values, the others may hold references; see `read`. */
  readonly state: JsonObject;
  readonly visit: number;
}

/** A task that a step waited for, and how it was settled. */
export interface SettledWait {
  readonly task: HumanTask;
  readonly settlement: Settlement;
}

/** What a node's executor is given. */
export interface NodeContext {
  readonly run: RunFacts;
  readonly version: CompiledVersion;
  readonly epoch: number;
  readonly call: StepCall;
  readonly config: JsonObject;
  readonly scope: Scope;
  /** Counts the reservations of the step; 0 while it is prepared. */
  readonly attempt: number;
  /** False when an earlier attempt got as far as the effect of this phase and never came back. */
  readonly firstTry: boolean;
  /** What an earlier phase or attempt of the step kept; empty at first. */
  readonly memo: JsonObject;
  /** The step's last human task and how it was settled; null if it never waited. */
  readonly settled: SettledWait | null;
  readonly signal: AbortSignal;
  readonly models: ChatModels;
  readonly tools: ToolRegistry;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A piece of a model's text, for the run's stream. */
  readonly onText: (text: string) => void;
  /** A piece of a command's output, for the run's stream. */
  readonly onOutput: (stream: OutputStream, text: string) => void;
  /** An artifact that was published; the run's stream tells of it once the step is committed. */
  readonly onArtifact: (published: ArtifactPublishedData) => void;
  /**
   * What the agent is to be shown of its memories and documents for a text; null if its author asked
   * for nothing, or nothing was found. The first look of a loop is told to the run's stream.
   */
  readonly recall: (text: string, look: { readonly first: boolean }) => Promise<string | null>;
  /** Tells operators of an error that is no failure of ours. */
  readonly report: (broken: { readonly error: unknown; readonly tool?: string }) => void;
  /** The run's input, resolved. */
  readonly input: () => Promise<Json>;
  /** A channel's value, resolved. */
  readonly read: (channel: string) => Promise<Json>;
  /** Messages of the run's thread before the run; none without a thread. */
  readonly thread: () => Promise<readonly Message[]>;
  /** For `call`: the recorded result of the step that asked for it. */
  readonly parentResult: () => Promise<Json>;
  /** The value behind a reference; other values come back as they are. */
  readonly resolve: (value: Json) => Promise<Json>;
}

/** What a node's executor answers: values, never references; the step's executor persists them. */
export type NodeResult = {
  readonly deltas?: readonly Delta[];
  readonly usage?: Usage;
  /** `provider:name` that answered, for the step's event. */
  readonly model?: string;
} & (
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'spawn'; readonly result: Json; readonly calls: readonly SpawnedCall[] }
  | { readonly kind: 'wait'; readonly task: HumanTaskDraft; readonly memo: JsonObject }
  /** Final: neither retried nor recovered, whatever the code says. */
  | { readonly kind: 'failed'; readonly error: Failure }
);

/** What a node wants kept before it acts. */
export interface Preparation {
  /** Kept with the reservation: what a later attempt must know if this one never comes back. */
  readonly memo: JsonObject;
  /** Shown with the event that the step has begun. */
  readonly started?: JsonObject;
  /** False: this call has no effects, so that the reservation is saved. */
  readonly reserve?: boolean;
}

/**
 * What a node's result is to its run: its output; or its answer, which is the output of a run that
 * sets none.
 */
export type ResultRole = 'output' | 'answer';

/** A node type: its pure description and what it does. Throws `AppError` to fail or be retried. */
export interface NodeType extends NodeDescriptor {
  /** True: the step is reserved in the journal before it executes, so that a retry is seen. */
  readonly reserves: boolean;
  /** Absent: the result is only the step's. Of several steps the last in the graph's order counts. */
  resultRole?(config: JsonObject): ResultRole | null;
  /** Asked before a reservation, and again when a settled task lets the step go on. No effects. */
  prepare?(context: NodeContext): Promise<Preparation>;
  execute(context: NodeContext): Promise<NodeResult>;
  /** Answers a final failure with a result; null, or no such method, lets the step fail. */
  recover?(context: NodeContext, failure: Failure): Promise<NodeResult | null>;
}
