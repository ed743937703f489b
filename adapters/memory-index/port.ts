/** Turns of conversations and facts from them, or pieces of documents: each has its own formulas. */
export type IndexProfile = 'dialogue' | 'document';

/** What an index can do. Those a search asked for in vain are listed in its answer. */
export type Capability = 'lexical' | 'dense' | 'neighbours' | 'session_prior' | 'decay';

/** A value that a filter compares; of a list, any member may match. */
export type AttributeValue = string | number | boolean | readonly string[];

/**
 * A vector of a set; the set's name states embedder, revision and dimensions, so that vectors of two
 * embedders never meet. Of unit length or not: indexes compare directions.
 */
export interface NamedVector {
  readonly set: string;
  readonly values: Float32Array;
}

/** What one memory, or one piece of a document, is to an index. */
export interface IndexEntry {
  readonly id: string;
  /** Of two versions of an entry the higher stays, in whatever order they arrive. */
  readonly version: number;
  readonly profile: IndexProfile;
  /** The text to find it by, with whatever should count: date, speaker, title. */
  readonly text: string;
  /**
   * The conversation or document, and the place in it; entries one or two places apart lend each other
   * a part of their scores. No two entries share a place.
   */
  readonly session: { readonly id: string; readonly position: number } | null;
  readonly vectors: readonly NamedVector[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly retention: Retention | null;
}

/** How well an entry is remembered: `exp(-(now - lastAccessAt) / stability)`. */
export interface Retention {
  /** Milliseconds since 1970. */
  readonly lastAccessAt: number;
  readonly stabilityMs: number;
}

/** Conditions on attributes. A comparison with a missing attribute is false. */
export type IndexFilter =
  | { readonly all: readonly IndexFilter[] }
  | { readonly any: readonly IndexFilter[] }
  | { readonly not: IndexFilter }
  | { readonly field: string; readonly in: readonly (string | number | boolean)[] }
  | { readonly field: string; readonly atLeast?: number; readonly below?: number };

/** How two rankings become one. */
export type Fusion =
  /** `lexical + denseWeight * dense`, each divided by its best: for embedders that see words alone. */
  | { readonly kind: 'weighted_sum'; readonly denseWeight: number }
  /** `1 / ((position + 1) / weight + k - 1)`, summed: for embedders that know meanings. */
  | {
      readonly kind: 'rrf';
      readonly k: number;
      readonly lexicalWeight: number;
      readonly denseWeight: number;
    };

/** One search; with both `text` and `vector` their rankings are fused. */
export interface IndexQuery {
  readonly profile: IndexProfile;
  readonly text: string | null;
  readonly vector: NamedVector | null;
  readonly fusion: Fusion;
  readonly filter: IndexFilter | null;
  /** How many hits are wanted at most. */
  readonly limit: number;
  /** The moment by which retention is reckoned; null to rank without it. */
  readonly decayAt: number | null;
  /** Whether hits tell how their scores came about. */
  readonly explain: boolean;
}

/** Found entries, the best first; equal scores are ordered by id. */
export interface IndexAnswer {
  readonly hits: readonly Hit[];
  /** What the search asked for and the index could not do. */
  readonly missing: readonly Capability[];
}

/** A found entry. */
export interface Hit {
  readonly id: string;
  readonly score: number;
  readonly explanation: Explanation | null;
}

/** How a score came about: `score = fused * retentionFactor`. Null: that part was not in play. */
export interface Explanation {
  readonly lexical: LexicalScore | null;
  readonly dense: { readonly cosine: number; readonly rank: number | null } | null;
  readonly fused: number;
  readonly retentionFactor: number | null;
}

/** The parts of a lexical score. */
export interface LexicalScore {
  /** BM25 of the entry alone. */
  readonly own: number;
  /** What the entries beside it lend. */
  readonly neighbours: number;
  /** What its session adds, after scores were divided by the best. */
  readonly session: number;
  readonly total: number;
  /** Its place among all, from 0; null when it is not among the candidates. */
  readonly rank: number | null;
  /** BM25 by term. */
  readonly terms: Readonly<Record<string, number>>;
}

/** How many entries there are of a profile, and how many of them have each term of a text. */
export interface TermFrequencies {
  readonly entries: number;
  /** Terms that none has are missing. */
  readonly containing: ReadonlyMap<string, number>;
}

/** Sizes of one workspace's index. */
export interface IndexStats {
  readonly entries: Readonly<Record<IndexProfile, number>>;
  readonly terms: number;
  readonly vectors: Readonly<Record<string, number>>;
  /** Estimates; zero where the index keeps them elsewhere. */
  readonly bytes: { readonly lexical: number; readonly vectors: number; readonly entries: number };
}

/**
 * Searchable copies of memories and documents, rebuildable from the database at any time. The workspace
 * is an argument of its own everywhere: nothing in an entry or a filter reaches another workspace.
 */
export interface MemoryIndex extends AsyncDisposable {
  readonly capabilities: readonly Capability[];
  /**
   * Adds entries, or replaces those of lower or equal version; older ones are ignored. Telling of a new
   * use costs little: what did not change is not indexed anew.
   */
  upsert(workspaceId: string, entries: readonly IndexEntry[]): Promise<void>;
  /** Takes entries out; unknown ids are no failure. */
  remove(workspaceId: string, ids: readonly string[]): Promise<void>;
  search(workspaceId: string, query: IndexQuery): Promise<IndexAnswer>;
  /** By which embedders that see words alone weigh a question; null where the index cannot tell. */
  frequencies(
    workspaceId: string,
    asked: Pick<IndexEntry, 'profile' | 'text'>,
  ): Promise<TermFrequencies | null>;
  stats(workspaceId: string): Promise<IndexStats>;
  /**
   * Replaces all of a workspace by the given entries. Searches see the old index until the new one is
   * whole; upserts and removals meanwhile count in both. Gives the number of entries.
   */
  rebuild(workspaceId: string, entries: AsyncIterable<IndexEntry>): Promise<number>;
  /** Forgets a workspace. */
  drop(workspaceId: string): Promise<void>;
}
