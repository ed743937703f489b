import type { CompiledVersion } from '../../contracts/records.ts';
import type { Delta, SpawnedCall, StepCall, StepOutcome, Usage } from '../../contracts/step.ts';
import type { HumanTask, HumanTaskDraft, Settlement } from '../../contracts/human-task.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Journal, RunFacts } from '../../contracts/journal.ts';
import type { ChatModels } from '../../adapters/models/port.ts';
import type { NodeDescriptor } from '../../engine/node-descriptor.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { Value } from '../../contracts/blob.ts';

/** Values a node's expressions see: `input`, `state`, `visit`, and `result` once there is one. */
export interface Scope {
  readonly input: Json;
  readonly state: JsonObject;
  readonly visit: number;
}

/** What a node's executor is given. */
export interface NodeContext {
  readonly run: RunFacts;
  readonly version: CompiledVersion;
  readonly call: StepCall;
  readonly config: JsonObject;
  readonly scope: Scope;
  /** 1 for the first time that the step's effect is tried. */
  readonly attempt: number;
  /** What an earlier phase or attempt of the step kept; empty at first. */
  readonly memo: JsonObject;
  /** The step's last human task and how it was settled; null if it never waited. */
  readonly settled: { readonly task: HumanTask; readonly settlement: Settlement } | null;
  readonly signal: AbortSignal;
  readonly models: ChatModels;
  readonly tools: ToolRegistry;
  readonly journal: Journal;
  /** A piece of a model's text, for the run's stream. */
  readonly onText: (text: string) => void;
}

/** What a node's executor answers; the step's executor persists it. */
export type NodeResult = {
  readonly deltas?: readonly Delta[];
  readonly usage?: Usage;
} & (
  | { readonly kind: 'done'; readonly result: Value; readonly output?: Value }
  | { readonly kind: 'spawn'; readonly result: Value; readonly calls: readonly SpawnedCall[] }
  | { readonly kind: 'wait'; readonly task: HumanTaskDraft; readonly memo: JsonObject }
);

/** A node type: its pure description and what it does. Throws `AppError` to fail or be retried. */
export interface NodeType extends NodeDescriptor {
  /** True: the step is reserved in the journal before it executes, so that a retry is seen. */
  readonly reserves: boolean;
  execute(context: NodeContext): Promise<NodeResult>;
}

/** Outcome kinds, named here for executors' switch statements. */
export type OutcomeKind = StepOutcome['kind'];
