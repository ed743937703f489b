import type { Fusion } from '../port.ts';

/** What one ranking says of an entry. */
export interface Standing {
  readonly score: number;
  /** From 0; null when the entry is not among the candidates of this ranking. */
  readonly rank: number | null;
}

/** What both rankings say; null where a ranking has no score for it. */
export interface Standings {
  readonly lexical: Standing | null;
  readonly dense: Standing | null;
}

/** The best score of each ranking. */
export interface BestScores {
  readonly lexical: number;
  readonly dense: number;
}

/** One score from two rankings. */
export function fuse(fusion: Fusion, { lexical, dense }: Standings, best: BestScores): number {
  switch (fusion.kind) {
    case 'weighted_sum':
      return share(lexical, best.lexical) + fusion.denseWeight * share(dense, best.dense);
    case 'rrf':
      return (
        reciprocalRank(lexical?.rank ?? null, fusion.k, fusion.lexicalWeight) +
        reciprocalRank(dense?.rank ?? null, fusion.k, fusion.denseWeight)
      );
  }
}

/** Min-max with zero as the least: no term in common, or nothing alike, is zero in every search. */
function share(standing: Standing | null, best: number): number {
  return standing === null || best <= 0 ? 0 : Math.max(0, standing.score) / best;
}

/** Qdrant's formula: a weight stretches the ranks. */
function reciprocalRank(rank: number | null, k: number, weight: number): number {
  return rank === null || weight <= 0 ? 0 : 1 / ((rank + 1) / weight + k - 1);
}
