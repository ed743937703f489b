import type { ApprovalPolicy } from './effect.ts';
import type { JsonObject, JsonSchema } from './json.ts';
import type {
  KnowledgePolicy,
  KnowledgeSpecInput,
  MemoryPolicy,
  MemorySpecInput,
} from './memory-policy.ts';
import type { Budgets, Gear } from './plan.ts';
import type { Reducer } from './step.ts';
import type { SandboxLevel, SandboxPolicy, SandboxSpecInput } from './sandbox.ts';

/** Providers of chat models. `default` is what the installation is configured to use. */
export const MODEL_PROVIDERS = [
  'default',
  'openai',
  'anthropic',
  'google-genai',
  'ollama',
  'scripted',
] as const;
/** Provider of a chat model. */
export type ModelProvider = (typeof MODEL_PROVIDERS)[number];

/**
 * What the expressions of a script see, and all that they see: `turn` (1..n), `messages`, `last`
 * (text of the last message), `instructions`, `tools`.
 */
export const SCRIPT_ROOTS = ['turn', 'messages', 'last', 'instructions', 'tools'] as const;

/** One turn of the offline, scripted model: the first turn whose `when` holds is played. */
export interface ScriptTurn {
  /** CEL over the names of `SCRIPT_ROOTS`; so are the other expressions and placeholders. */
  readonly when?: string;
  /** Text with `{{ CEL }}` placeholders. */
  readonly say?: string;
  /** CEL whose value is the structured output. */
  readonly output?: string;
  /** Tool calls; string arguments may hold `{{ CEL }}` placeholders. */
  readonly call?: readonly { readonly tool: string; readonly arguments: JsonObject }[];
  /** CEL whose value is a list of `{tool, arguments}`: as many parallel calls as it yields. */
  readonly calls?: string;
}

/** Which model, and its settings. */
export interface ModelSpec {
  readonly provider: ModelProvider;
  /** Vendor's model name; unused by `default` and `scripted`. */
  readonly name?: string;
  readonly temperature?: number;
  readonly maxOutputTokens?: number;
  /** Silence that fails the call, in ms; 60,000 by default. */
  readonly silenceMs?: number;
  /** Played where the model is `scripted`, or `default` in an installation without a model. */
  readonly script?: readonly ScriptTurn[];
}

/** A tool as an agent uses it. */
export interface ToolUse {
  readonly name: string;
  readonly approval: ApprovalPolicy;
  /** Of the sandbox that it runs in; the agent's by default. The workspace's least level holds. */
  readonly sandboxLevel?: SandboxLevel;
}

/** A state channel. */
export interface ChannelSpec {
  readonly reducer: Reducer;
  readonly default?: JsonObject[string];
}

/** What a node does when it finally fails. */
export type OnError =
  | { readonly do: 'fail' }
  | { readonly do: 'continue'; readonly value: JsonObject[string] }
  | { readonly do: 'goto'; readonly node: string };

/** When a join lets the run go on. */
export type JoinSpec =
  | { readonly mode: 'all' }
  | { readonly mode: 'any' }
  | { readonly mode: 'n'; readonly count: number };

/** A node as authored; `config` fits the schema of its type. */
export interface NodeSpec {
  readonly id: string;
  readonly type: string;
  readonly config: JsonObject;
  readonly durability?: Gear;
  readonly timeoutMs?: number;
  readonly retry?: {
    readonly maxAttempts?: number;
    readonly initialIntervalMs?: number;
    readonly backoff?: number;
    readonly maxIntervalMs?: number;
  };
  readonly onError?: OnError;
  readonly join?: JoinSpec;
}

/** An edge as authored. */
export type EdgeSpec =
  | { readonly type: 'normal'; readonly from: string; readonly to: string }
  | {
      readonly type: 'conditional';
      readonly from: string;
      readonly cases: readonly { readonly when: string; readonly to: string }[];
      readonly else?: string;
    }
  | { readonly type: 'fanout'; readonly from: string; readonly to: readonly string[] };

/** A graph as authored. */
export interface GraphSpec {
  /** First node; the first of `nodes` by default. */
  readonly start?: string;
  readonly nodes: readonly NodeSpec[];
  readonly edges: readonly EdgeSpec[];
  readonly channels?: Readonly<Record<string, ChannelSpec>>;
}

interface SpecBase {
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  readonly budgets?: Partial<Budgets>;
  /** What code, shells and browsers of the agent run in. */
  readonly sandbox?: SandboxSpecInput;
  /** What it recalls before it answers, and learns behind it. */
  readonly memory?: MemorySpecInput;
  /** The documents that it knows. */
  readonly knowledge?: KnowledgeSpecInput;
}

/** Shorthand for a graph with one `agent` node. */
export interface ShorthandSpec extends SpecBase {
  readonly model: ModelSpec;
  readonly instructions: string;
  readonly tools: readonly ToolUse[];
}

/** An agent with a graph of its own. */
export interface FullSpec extends SpecBase {
  readonly graph: GraphSpec;
}

/** What an author writes; immutable once it is a version. */
export type AgentSpec = ShorthandSpec | FullSpec;

/** The graph of a version as executors read it: shorthand expanded, defaults filled in. */
export interface ExecutableGraph {
  readonly nodes: Readonly<Record<string, NodeSpec>>;
  readonly edges: Readonly<Record<string, EdgeSpec>>;
  readonly channels: Readonly<Record<string, ChannelSpec>>;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** Absent where the author named none. */
  readonly sandbox?: SandboxPolicy;
  /** Absent where the author said nothing of it. */
  readonly memory?: MemoryPolicy;
  /** Absent where the author named none. */
  readonly knowledge?: KnowledgePolicy;
}
