import { saturated } from '../lexical/bm25.ts';
import { LEXICAL_PROFILES } from '../lexical/profiles.ts';
import { analyse, countTerms } from '../text/analyser.ts';
import { murmur3 } from '../text/murmur3.ts';
import type { IndexProfile } from '../port.ts';

/** A text as a sparse vector. */
export interface SparseText {
  readonly indices: number[];
  readonly values: number[];
}

/**
 * Stands for the mean length, which changes with every entry and would make all vectors stale. Qdrant's
 * own BM25 takes the same.
 */
const TYPICAL_LENGTH = 256;
const encoder = new TextEncoder();

/** The dimension of a term, as Qdrant's own BM25 numbers them. */
export function dimensionOf(term: string): number {
  return Math.abs(murmur3(encoder.encode(term)) | 0);
}

/** What Qdrant stores: BM25 of each term without its rarity, which the server multiplies in. */
export function toSparseDocument(text: string, profile: IndexProfile): SparseText {
  const terms = analyse(text);
  const relativeLength = terms.length / TYPICAL_LENGTH;
  const counts = new Map<number, number>();
  for (const [term, count] of countTerms(terms)) {
    const dimension = dimensionOf(term);
    // Two terms of one dimension count as one: the server refuses a dimension that comes twice.
    counts.set(dimension, (counts.get(dimension) ?? 0) + count);
  }
  const weigh = (count: number): number =>
    saturated(count, relativeLength, LEXICAL_PROFILES[profile]);
  return { indices: [...counts.keys()], values: [...counts.values()].map(weigh) };
}

/** The terms of a search by their dimensions. */
export function toSparseQuery(text: string): ReadonlyMap<number, string> {
  const terms = new Map<number, string>();
  for (const term of analyse(text)) {
    const dimension = dimensionOf(term);
    if (!terms.has(dimension)) terms.set(dimension, term);
  }
  return terms;
}
