import type { IndexProfile } from '../port.ts';

/** Parameters of lexical ranking. */
export interface LexicalProfile {
  readonly k1: number;
  readonly b: number;
  /** What an entry gets of the scores one place away, and two places away. */
  readonly neighbourWeights: readonly [number, number];
  /** Weight of the session's own BM25; 0 for none. */
  readonly sessionWeight: number;
}

/** Short turns need little saturation and hardly any length normalisation; documents the usual. */
export const LEXICAL_PROFILES: Readonly<Record<IndexProfile, LexicalProfile>> = {
  dialogue: { k1: 0.9, b: 0.2, neighbourWeights: [0.4, 0.2], sessionWeight: 0.3 },
  document: { k1: 1.2, b: 0.75, neighbourWeights: [0.4, 0.2], sessionWeight: 0 },
};

/** Sessions are ranked as the documents that they are. */
export const SESSION_BM25 = { k1: 1.2, b: 0.75 };
