import type { Gear, RetryPolicy } from '../contracts/plan.ts';
import type { JsonObject, JsonSchema } from '../contracts/json.ts';
import type { Problem } from '../contracts/problem.ts';

/** What a node type may ask about the graph while its config is checked. */
export interface CheckContext {
  readonly hasChannel: (name: string) => boolean;
  /** The tool's gear and whether it exists. */
  readonly tool: (name: string) => { readonly light: boolean } | null;
  /** Names of the tools of a group. */
  readonly toolGroup: (name: string) => readonly string[] | null;
  /** Problems of a CEL expression, at `pointer`; it may use `roots`, by default those of a graph. */
  readonly checkExpression: (
    pointer: string,
    text: string,
    roots?: readonly string[],
  ) => readonly Problem[];
  /** Problems of a text with `{{ CEL }}` placeholders, which may use the same names. */
  readonly checkTemplate: (
    pointer: string,
    text: string,
    roots?: readonly string[],
  ) => readonly Problem[];
  /** Problems of a JSON Schema that an author wrote. */
  readonly checkSchema: (pointer: string, schema: JsonSchema) => readonly Problem[];
}

/** The pure half of a node type: all that compilation needs to know. */
export interface NodeDescriptor {
  readonly type: string;
  /** One sentence, for the catalogue. */
  readonly description: string;
  readonly configSchema: JsonSchema;
  readonly defaultGear: Gear;
  readonly defaultTimeoutMs: number;
  readonly defaultRetry: RetryPolicy;
  /** Runs longer than seconds: heartbeats while it executes. */
  readonly heartbeat: boolean;
  /** Ends a branch: needs no exit, and every node must reach one. */
  readonly terminal: boolean;
  /** Problems beyond the schema, with pointers relative to the config, as in `/tool`. */
  check(config: JsonObject, context: CheckContext): readonly Problem[];
  /** Gear by config, where it matters: a `tool` node is as cheap as its tool. */
  gearOf?(config: JsonObject, context: CheckContext): Gear;
  /** The config as executors read it, where an author may write it shorter. */
  expand?(config: JsonObject, context: CheckContext): JsonObject;
}
