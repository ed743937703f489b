import type { MemoryKind, MemoryScope } from './memory.ts';
import type { ModelSpec } from './agent-spec.ts';

/** What an agent is shown of its memories before it answers. */
export interface RecallPolicy {
  /** All by default. */
  readonly kinds?: readonly MemoryKind[];
  /** All that the run may see, by default. */
  readonly scopes?: readonly MemoryScope[];
  readonly limit: number;
  /** Room in the prompt, in tokens. */
  readonly tokens: number;
  /** Whether what is near in the graph is shown too. */
  readonly graph: boolean;
}

/** What is learnt from a run that has succeeded. */
export interface LearnPolicy {
  /** Whom it serves; the user's, or the agent's where a run serves nobody in particular. */
  readonly scope: MemoryScope;
  /** Who extracts; null: the model of the run's installation, or nobody: then episodes are kept. */
  readonly model: ModelSpec | null;
}

/** What an agent does with memories. */
export interface MemoryPolicy {
  readonly recall: RecallPolicy | null;
  readonly learn: LearnPolicy | null;
  /** Whether what people say of its answers becomes memories. */
  readonly feedback: boolean;
  /** Whom its models and its learning may write for: nobody publishes whom its author did not let. */
  readonly scopes: readonly MemoryScope[];
}

/** What an agent knows of documents. */
export interface KnowledgePolicy {
  /** Names or ids; its tools and nodes search these alone. */
  readonly bases: readonly string[];
  /** What is put before it when it answers; null: it searches by tools alone. */
  readonly rag: { readonly limit: number; readonly tokens: number } | null;
}

/** `memory` of an agent as its author writes it; true takes the defaults. */
export interface MemorySpecInput {
  readonly recall?: boolean | Partial<RecallPolicy>;
  readonly learn?: boolean | { readonly scope?: MemoryScope; readonly model?: ModelSpec };
  readonly feedback?: boolean;
  /** All but `workspace` by default. */
  readonly scopes?: readonly MemoryScope[];
}

/** `knowledge` of an agent as its author writes it. */
export interface KnowledgeSpecInput {
  readonly bases: readonly string[];
  /** On by default. */
  readonly rag?: boolean | { readonly limit?: number; readonly tokens?: number };
}

/** Whom an agent may write for whose author named nobody: what all see is never a model's decision. */
export const USUAL_SCOPES: readonly MemoryScope[] = ['user', 'agent', 'thread'];

/** Of an agent that says nothing of memories: its tools reach them, nothing happens by itself. */
export const NO_MEMORY: MemoryPolicy = {
  recall: null,
  learn: null,
  feedback: false,
  scopes: USUAL_SCOPES,
};

const RECALL: RecallPolicy = { limit: 8, tokens: 1_000, graph: false };
const LEARN: LearnPolicy = { scope: 'user', model: null };
const RAG: { readonly limit: number; readonly tokens: number } = { limit: 6, tokens: 2_000 };

/** The policy with its defaults filled in. */
export function toMemoryPolicy(input: MemorySpecInput): MemoryPolicy {
  const { recall, learn, feedback, scopes } = input;
  return {
    recall: switched(recall, RECALL),
    learn: switched(learn, LEARN),
    feedback: feedback ?? false,
    scopes: scopes ?? USUAL_SCOPES,
  };
}

/** The policy with its defaults filled in. */
export function toKnowledgePolicy({ bases, rag = true }: KnowledgeSpecInput): KnowledgePolicy {
  return { bases, rag: switched(rag, RAG) };
}

function switched<T extends object>(
  given: boolean | Partial<T> | undefined,
  defaults: T,
): T | null {
  if (given === undefined || given === false) return null;
  return given === true ? defaults : { ...defaults, ...given };
}
