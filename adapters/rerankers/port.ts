/** What is known of a candidate besides its text; what is absent does not count. */
export interface CandidateFeatures {
  /** How good the search that found it thinks it is; any scale. */
  readonly score?: number;
  /** How well it is remembered, 0 to 1. */
  readonly retention?: number;
  /** 0 to 1. */
  readonly importance?: number;
  /** Names of people and things that it is about. */
  readonly entities?: readonly string[];
}

/** Something found, the best first in the list that it comes in. */
export interface Candidate {
  readonly id: string;
  readonly text: string;
  readonly features?: CandidateFeatures;
}

/** A candidate with its place's reason: higher is better, comparable within one answer only. */
export interface Ranked {
  readonly id: string;
  readonly score: number;
}

/** How many are wanted and by whom, and what ends it early. */
export interface RerankOptions {
  readonly limit: number;
  /** Whose allowance it is taken from, where a reranker has one. */
  readonly workspaceId?: string;
  readonly signal?: AbortSignal;
}

/**
 * Candidates in a new order, each once. Where that failed they come in the order in which they were
 * given, and `reason` is a sentence for people that holds neither keys nor texts.
 */
export type Reranking =
  | { readonly reranked: true; readonly results: readonly Ranked[] }
  | { readonly reranked: false; readonly reason: string; readonly results: readonly Ranked[] };

/**
 * Puts what was found into a better order. A search is never worse for it: whatever fails, the incoming
 * order is the answer. Only an abort rejects, with the signal's reason.
 */
export interface Reranker extends AsyncDisposable {
  readonly name: string;
  rerank(
    query: string,
    candidates: readonly Candidate[],
    options: RerankOptions,
  ): Promise<Reranking>;
}
