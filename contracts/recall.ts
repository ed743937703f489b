import type { Chunk } from './knowledge.ts';
import type { EmbedderRef } from './embedding.ts';
import type { Memory, MemoryKind, MemoryOrigin, MemoryScope, NewMemory } from './memory.ts';

/**
 * For whom is searched. This alone decides what is visible: memories of the workspace, and those of
 * the user, the agent and the thread that are named here. Filters narrow that and never widen it.
 */
export interface RecallOwner {
  readonly userId: string | null;
  readonly agentId: string | null;
  readonly threadId: string | null;
}

/** Narrows a search; a field that is not one of these is refused with `memory.invalid`. */
export interface RecallFilters {
  readonly kinds?: readonly MemoryKind[];
  readonly origins?: readonly MemoryOrigin[];
  /** Written at this time or later. */
  readonly since?: string;
  /** Written before this time. */
  readonly until?: string;
  /** What is so at this time; now by default, null for what was so at any time. */
  readonly validAt?: string | null;
  readonly minImportance?: number;
  readonly trustedOnly?: boolean;
}

/** `auto`: by the reranker of the installation, if it has one. */
export type RerankChoice = 'auto' | 'none';

/** A search for memories. */
export interface RecallRequest {
  readonly text: string;
  readonly owner: RecallOwner;
  /** Of what the owner may see; all of it by default. */
  readonly scopes?: readonly MemoryScope[];
  readonly filters?: RecallFilters;
  /** 10 by default, `LIMITS.recallHits` at most. */
  readonly limit?: number;
  /** Whether memories are found by what is near in the graph too; false by default. */
  readonly graph?: boolean;
  readonly rerank?: RerankChoice;
  /** Whether what fades sinks; true by default. */
  readonly decay?: boolean;
  /** Whether hits tell how they were found. */
  readonly explain?: boolean;
  /** Whether finding them counts as a use, which strengthens them; false by default. */
  readonly use?: boolean;
  /** Hits beyond so many tokens are left out and counted in `omitted`. */
  readonly tokenBudget?: number;
}

/** A search in knowledge bases. Documents of a person are visible to that person alone. */
export interface KnowledgeRequest {
  readonly text: string;
  readonly owner: Pick<RecallOwner, 'userId'>;
  /** All of the workspace by default. */
  readonly knowledgeBaseIds?: readonly string[];
  readonly documentIds?: readonly string[];
  readonly limit?: number;
  readonly rerank?: RerankChoice;
  readonly explain?: boolean;
  readonly tokenBudget?: number;
}

/** What a search can be asked for; an answer lists what it lacked. */
export type RecallCapability =
  'lexical' | 'dense' | 'neighbours' | 'session_prior' | 'decay' | 'graph' | 'rerank';

/** How a hit's score came about; null where that part was not in play. */
export interface RecallExplanation {
  readonly lexical: {
    readonly own: number;
    readonly neighbours: number;
    readonly session: number;
    readonly terms: Readonly<Record<string, number>>;
  } | null;
  readonly dense: { readonly cosine: number } | null;
  readonly fused: number | null;
  readonly retentionFactor: number | null;
  /** What the walk through the graph added, and which entities it passed. */
  readonly graph: { readonly score: number; readonly entities: readonly string[] } | null;
  /** The reranker's score and the place from 0 before it. */
  readonly rerank: { readonly score: number; readonly placeBefore: number } | null;
}

/** A memory that was found. */
export interface RecalledMemory {
  readonly memory: Memory;
  readonly score: number;
  readonly explanation: RecallExplanation | null;
}

/** Where a piece of a document stands. */
export interface Citation {
  readonly knowledgeBaseId: string;
  readonly documentId: string;
  readonly chunkId: string;
  readonly title: string;
  readonly source: string;
  /** From 1; null where the document has no pages. */
  readonly page: number | null;
  /** In characters of the document's text. */
  readonly start: number;
  readonly end: number;
  readonly headings: readonly string[];
}

/** A piece of a document that was found. */
export interface RecalledChunk {
  readonly chunk: Chunk;
  readonly citation: Citation;
  readonly score: number;
  readonly explanation: RecallExplanation | null;
}

/** Found things, best first, and how they were found. */
export interface RecallAnswer<Hit> {
  readonly hits: readonly Hit[];
  /** Left out for the token budget. */
  readonly omitted: number;
  /** What the search was asked for and could not do. */
  readonly missing: readonly RecallCapability[];
  /** Whose vectors were compared; null: words alone were. */
  readonly embedder: EmbedderRef | null;
  /** `by` names the reranker, or is null, and then `why` says why none ranked. */
  readonly reranked: { readonly by: string | null; readonly why: string };
}

/** Found memories. */
export type MemoryAnswer = RecallAnswer<RecalledMemory>;
/** Found pieces of documents. */
export type KnowledgeAnswer = RecallAnswer<RecalledChunk>;

/** What a mark in a prompt's text, as in `[2]`, refers to. */
export interface PromptCitation {
  readonly mark: number;
  readonly memoryId: string | null;
  readonly citation: Citation | null;
}

/** Recalled text as it goes into a prompt: data, never instructions. */
export interface PromptContext {
  /** Empty if nothing was found. */
  readonly text: string;
  readonly citations: readonly PromptCitation[];
  /** An estimate. */
  readonly tokens: number;
  /** Hits that did not fit. */
  readonly omitted: number;
}

/** A memory that is to be learnt; `contradicts` names memories that are no more so because of it. */
export interface MemoryDraft extends NewMemory {
  readonly contradicts?: readonly string[];
}

/** What became of a draft; each draft has one answer, in the order of the drafts. */
export type Learned =
  | { readonly kind: 'created' | 'existing' | 'duplicate'; readonly memory: Memory }
  /** Something that says the same is remembered; nothing was written. */
  | { readonly kind: 'near_duplicate'; readonly memory: Memory; readonly similarity: number }
  /** It was written, and what it contradicts has ended. */
  | { readonly kind: 'superseded'; readonly memory: Memory; readonly closed: readonly Memory[] }
  /** It was not written. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string };

/** What somebody thinks of a recalled memory. */
export interface MemoryFeedback {
  readonly memoryId: string;
  /** `useful` strengthens it, `not_useful` makes it less important, `wrong` ends it. */
  readonly verdict: 'useful' | 'not_useful' | 'wrong';
  readonly note?: string;
}

/** What one sweep did in a workspace. */
export interface SweepReport {
  readonly due: number;
  /** Summaries written, each of several memories. */
  readonly summaries: number;
  readonly archived: number;
  readonly deleted: number;
  /** Memories that changed meanwhile, or whose summary failed: the next sweep takes them. */
  readonly left: number;
  /** Whether more are due. */
  readonly more: boolean;
}
