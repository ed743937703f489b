import { expect, test } from '@jest/globals';
import { TopSlots } from '../in-process/top-slots.ts';
import { VectorSet } from './vector-set.ts';

const DIMENSIONS = 64;
const WANTED = 10;

/** Numbers from -1 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Vectors in crowds, all of them to one side of the origin, as embedders make them. */
function crowded(count: number): Float32Array[] {
  const random = seeded(7);
  const vector = (): number[] => Array.from({ length: DIMENSIONS }, random);
  const middles = Array.from({ length: 40 }, vector);
  return Array.from({ length: count }, (_, index) => {
    const middle = middles[index % middles.length] ?? [];
    return Float32Array.from(vector(), (value, at) => 2 + (middle[at] ?? 0) + 0.5 * value);
  });
}

function search(set: VectorSet, query: Float32Array, mask: Uint8Array): number[] {
  const top = new TopSlots(WANTED, (a, b) => a < b);
  return set.search(set.checked(query), mask, { top, wanted: WANTED }).map(({ slot }) => slot);
}

function nearest(
  vectors: readonly Float32Array[],
  query: Float32Array,
  mask: Uint8Array,
): number[] {
  const cosine = (vector: Float32Array): number =>
    vector.reduce((sum, value, index) => sum + value * (query[index] ?? 0), 0) /
    Math.hypot(...vector);
  return vectors
    .map((vector, slot) => ({ slot, score: mask[slot] === 1 ? cosine(vector) : -2 }))
    .sort((a, b) => b.score - a.score)
    .slice(0, WANTED)
    .map(({ slot }) => slot);
}

test.each([
  { title: 'all by comparing', exactProducts: 1e9, everyNth: 1, share: 1 },
  { title: 'nearly all by signs', exactProducts: 0, everyNth: 1, share: 0.95 },
  {
    title: 'nearly all by few signs first',
    exactProducts: 0,
    coarseRows: 0,
    everyNth: 1,
    share: 0.95,
  },
  { title: 'what a filter leaves, by signs', exactProducts: 0, everyNth: 20, share: 1 },
])('finds the nearest: $title', ({ everyNth, share, ...approximation }) => {
  const count = 4_000;
  const vectors = crowded(count);
  const set = new VectorSet(DIMENSIONS, approximation);
  for (const [slot, vector] of vectors.entries()) set.set(slot, vector);
  const mask = Uint8Array.from({ length: count }, (_, slot) => (slot % everyNth === 0 ? 1 : 0));
  let found = 0;
  const queries = vectors.filter((_, index) => index % (count / 10) === 1);
  for (const query of queries) {
    const hits = search(set, query, mask);
    expect(hits.every((slot) => mask[slot] === 1)).toBe(true);
    found += nearest(vectors, query, mask).filter((slot) => hits.includes(slot)).length;
  }
  expect(found / (queries.length * WANTED)).toBeGreaterThanOrEqual(share);
});

test.each([
  { title: 'by comparing', exactProducts: 1e9, share: 1 },
  { title: 'by signs', exactProducts: 0, share: 0.95 },
])('finds what removals left, in slots with new numbers: $title', ({ exactProducts, share }) => {
  const vectors = crowded(3_000);
  const set = new VectorSet(DIMENSIONS, { exactProducts });
  for (const [slot, vector] of vectors.entries()) set.set(slot, vector);
  const slotOf = new Int32Array(3_000).fill(-1);
  const kept = vectors.filter((_, slot) => {
    if (slot % 3 === 0) set.remove(slot);
    else slotOf[slot] = slot - Math.floor(slot / 3) - 1;
    return slot % 3 !== 0;
  });
  set.remove(0);
  set.renumber(slotOf);
  expect(set.count).toBe(2_000);
  const mask = new Uint8Array(2_000).fill(1);
  // The last rows have taken the places of those removed first.
  const queries = vectors.slice(2_980);
  const found = queries.flatMap((query) => {
    const hits = search(set, query, mask);
    return nearest(kept, query, mask).filter((slot) => hits.includes(slot));
  });
  expect(found.length / (queries.length * WANTED)).toBeGreaterThanOrEqual(share);
});
