import { LIMITS } from '../../../contracts/limits.ts';
import type { Candidate, CandidateFeatures, Reranker } from '../port.ts';
import { rerankBy, type Judged, type Verdict } from '../rerank-by.ts';
import {
  coverage,
  entityOverlap,
  mentionedNames,
  placesOf,
  proximity,
  rarityAmong,
} from './text-features.ts';

/** How much each feature counts; all of them are from 0 to 1. */
export interface FeatureWeights {
  /** What the search that found it thought: its score among the others', or its place. */
  readonly found: number;
  /** Terms of the query that it has, by how rare they are among the candidates. */
  readonly coverage: number;
  /** Neighbours in the query that are neighbours in it. */
  readonly proximity: number;
  /** Names in the query that it is about. */
  readonly entities: number;
  readonly retention: number;
  readonly importance: number;
}

/**
 * The search counts most: it knows all texts, features only the candidates. What is not known of a
 * candidate counts as nothing.
 */
export const FEATURE_WEIGHTS: FeatureWeights = {
  found: 1,
  coverage: 0.3,
  proximity: 0.3,
  entities: 0.2,
  retention: 0.1,
  importance: 0.1,
};

/** Orders by what can be computed: no model, no network, the same answer every time. */
export function createFeatureReranker(weights: FeatureWeights = FEATURE_WEIGHTS): Reranker {
  const judge = {
    name: 'features',
    maxCandidates: LIMITS.rerankCandidates,
    maxTextBytes: LIMITS.rerankTextBytes,
    judge: async (judged: Judged) => judgeByFeatures(judged, weights),
  };
  return {
    name: judge.name,
    rerank: (query, candidates, options) => rerankBy(judge, { query, candidates }, options),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function judgeByFeatures(
  { query, candidates }: Judged,
  weights: FeatureWeights,
): readonly Verdict[] {
  const asked = placesOf(query);
  const texts = candidates.map(({ text }) => placesOf(text));
  const rarity = rarityAmong(texts);
  const rarities = new Map([...asked.places.keys()].map((term) => [term, rarity(term)]));
  const names = new Set(candidates.flatMap(({ features }) => features?.entities ?? []));
  const mentioned = mentionedNames(asked, names);
  const found = foundScores(candidates);
  return candidates.map(({ features = {} }, place) => {
    const text = texts[place] ?? placesOf('');
    const score =
      weights.found * (found[place] ?? 0) +
      weights.coverage * coverage(rarities, text) +
      weights.proximity * proximity(asked, text) +
      weights.entities * entityOverlap(mentioned, features.entities) +
      known(features, weights);
    return { place, score };
  });
}

function known({ retention, importance }: CandidateFeatures, weights: FeatureWeights): number {
  return weights.retention * share(retention) + weights.importance * share(importance);
}

function share(value: number | undefined): number {
  return value === undefined || !Number.isFinite(value) ? 0 : Math.min(1, Math.max(0, value));
}

/** Scores of the search from 0 to 1; by place where one of them is missing. */
function foundScores(candidates: readonly Candidate[]): readonly number[] {
  const scores = candidates.map(({ features }) => features?.score ?? Number.NaN);
  if (!scores.every(Number.isFinite)) {
    return candidates.map((_, place) => 1 - place / candidates.length);
  }
  const least = Math.min(...scores);
  const range = Math.max(...scores) - least;
  return scores.map((score) => (range === 0 ? 1 : (score - least) / range));
}
