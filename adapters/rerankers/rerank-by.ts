import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { cutText } from '../embedders/cut-text.ts';
import type { Candidate, Ranked, Reranking, RerankOptions } from './port.ts';

/** What is to be judged: the query and as many candidates as a judge takes, their texts cut. */
export interface Judged {
  readonly query: string;
  readonly candidates: readonly Candidate[];
  readonly workspaceId: string | null;
  readonly signal: AbortSignal | null;
}

/** What a judge says of the candidate at a place. */
export interface Verdict {
  readonly place: number;
  readonly score: number;
}

/** Judges candidates; it may forget some, and be wrong about which there are. */
export interface Judge {
  readonly name: string;
  readonly maxCandidates: number;
  readonly maxTextBytes: number;
  readonly judge: (judged: Judged) => Promise<readonly Verdict[]>;
}

/** Candidates as a judge orders them. Those that it does not mention follow in the order they came in. */
export async function rerankBy(
  judge: Judge,
  found: { readonly query: string; readonly candidates: readonly Candidate[] },
  { limit, workspaceId, signal }: RerankOptions,
): Promise<Reranking> {
  signal?.throwIfAborted();
  const count = Math.min(judge.maxCandidates, LIMITS.rerankCandidates);
  const judged = {
    query: cutText(found.query, LIMITS.rerankTextBytes),
    candidates: found.candidates.slice(0, count).map((candidate) => cut(candidate, judge)),
    workspaceId: workspaceId ?? null,
    signal: signal ?? null,
  };
  if (judged.candidates.length === 0) return { reranked: true, results: [] };
  try {
    const scores = usable(await judge.judge(judged), judged.candidates.length);
    if (scores.size === 0) return asFound(found.candidates, limit, `${judge.name} gave no order`);
    return { reranked: true, results: ordered(found.candidates, scores).slice(0, limit) };
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof AppError ? error.message : `${judge.name} failed`;
    return asFound(found.candidates, limit, reason);
  }
}

function cut(candidate: Candidate, { maxTextBytes }: Judge): Candidate {
  const text = cutText(candidate.text, Math.min(maxTextBytes, LIMITS.rerankTextBytes));
  return { ...candidate, text };
}

/** Scores by place: of places that exist, the first of several, finite ones. */
function usable(verdicts: readonly Verdict[], count: number): ReadonlyMap<number, number> {
  const scores = new Map<number, number>();
  for (const { place, score } of verdicts) {
    const exists = Number.isInteger(place) && place >= 0 && place < count;
    if (exists && Number.isFinite(score) && !scores.has(place)) scores.set(place, score);
  }
  return scores;
}

function ordered(
  candidates: readonly Candidate[],
  scores: ReadonlyMap<number, number>,
): readonly Ranked[] {
  const least = [...scores.values()].reduce((a, b) => Math.min(a, b), Infinity);
  return candidates
    .map(({ id }, place) => ({ id, score: scores.get(place) ?? least - 1 - place }))
    .sort((a, b) => b.score - a.score);
}

function asFound(candidates: readonly Candidate[], limit: number, reason: string): Reranking {
  const results = candidates.slice(0, limit).map(({ id }, place) => ({ id, score: -place }));
  return { reranked: false, reason, results };
}
