import type { ArtifactPublishedData } from '../../contracts/event-data.ts';
import type { EffectClass } from '../../contracts/effect.ts';
import type { MemoryScope } from '../../contracts/memory.ts';
import type { OutputStream, ToolSandboxPolicy } from '../../contracts/sandbox.ts';
import type { RecallOwner } from '../../contracts/recall.ts';
import type { Json, JsonObject, JsonSchema } from '../../contracts/json.ts';

/** What a tool's call is given. */
export interface ToolContext {
  readonly signal: AbortSignal;
  /** Equal for every attempt of the same call; `keyed` tools pass it on. */
  readonly idempotencyKey: string;
  readonly workspaceId: string;
  readonly runId: string;
  readonly stepId: string;
  /** `name@version` of the agent that calls. */
  readonly actor: string;
  readonly sandbox: ToolSandboxPolicy;
  /** For whom the run works: decides what it may recall. */
  readonly owner: RecallOwner;
  /** Whom it may keep memories for, as the author of the agent or of its graph has it. */
  readonly memoryScopes: readonly MemoryScope[];
  /** The knowledge bases that the agent knows, by name or id; null: it was given none. */
  readonly knowledgeBases: readonly string[] | null;
  /** A piece of a command's output, for the run's stream. */
  readonly onOutput: (stream: OutputStream, text: string) => void;
  /** An artifact that was published; the run's stream tells of it once the step is committed. */
  readonly onArtifact?: (published: ArtifactPublishedData) => void;
}

/** Something a model or a graph may call. */
export interface Tool {
  /** `^[a-z][a-z0-9_]{0,63}$`. */
  readonly name: string;
  readonly description: string;
  /** Agents may name it instead of each of its tools. */
  readonly group?: string;
  readonly parameters: JsonSchema;
  readonly effect: EffectClass;
  readonly timeoutMs: number;
  /** Cheap and in process: may run in a segment. */
  readonly light: boolean;
  /** True for `ask_human`: the call becomes a human task and `execute` is never called. */
  readonly asksHuman?: boolean;
  /**
   * Arguments fit `parameters` by then. Throws `AppError`: `tool.refused` and `tool.failed` are told
   * to the model; anything else from a `once` tool counts as an unknown outcome.
   */
  execute(args: JsonObject, context: ToolContext): Promise<Json>;
}
