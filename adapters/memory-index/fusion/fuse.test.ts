import { expect, test } from '@jest/globals';
import { fuse } from './fuse.ts';
import { fusionFor } from './fusion-for.ts';
import { retained, retentionFactor } from './retention.ts';

const BEST = { lexical: 10, dense: 0.8 };

test('a weighted sum divides each score by its best', () => {
  const fusion = { kind: 'weighted_sum', denseWeight: 0.3 } as const;
  const standings = { lexical: { score: 5, rank: 1 }, dense: { score: 0.4, rank: null } };
  expect(fuse(fusion, standings, BEST)).toBeCloseTo(0.5 + 0.3 * 0.5);
  expect(fuse(fusion, { lexical: null, dense: { score: -0.4, rank: null } }, BEST)).toBe(0);
  expect(fuse(fusion, standings, { lexical: 0, dense: 0 })).toBe(0);
});

test.each([
  { what: 'the first of one ranking', lexical: 0, dense: null, weight: 1, score: 1 / 60 },
  { what: 'the third of one ranking', lexical: 2, dense: null, weight: 1, score: 1 / 62 },
  { what: 'a first of both', lexical: 0, dense: 0, weight: 1, score: 2 / 60 },
  { what: 'the third at weight two', lexical: 2, dense: null, weight: 2, score: 1 / (1.5 + 59) },
  { what: 'no place at all', lexical: null, dense: null, weight: 1, score: 0 },
  { what: 'a weight of zero', lexical: 0, dense: null, weight: 0, score: 0 },
])('rank fusion scores $what', ({ lexical, dense, weight, score }) => {
  const fusion = { kind: 'rrf', k: 60, lexicalWeight: weight, denseWeight: 1 } as const;
  const standings = { lexical: { score: 1, rank: lexical }, dense: { score: 1, rank: dense } };
  expect(fuse(fusion, standings, BEST)).toBeCloseTo(score, 12);
});

test('the embedder and the kind of text decide how to fuse', () => {
  expect(fusionFor('lexical', 'document')).toEqual({ kind: 'weighted_sum', denseWeight: 0.3 });
  expect(fusionFor('lexical', 'dialogue')).toBeNull();
  expect(fusionFor('semantic', 'dialogue')).toMatchObject({ kind: 'rrf', k: 60 });
});

test('what was just used counts for more, what faded for less, and never for nothing', () => {
  const retention = { lastAccessAt: 1_000, stabilityMs: 500 };
  expect(retained(retention, 1_500)).toBeCloseTo(Math.exp(-1));
  expect(retentionFactor(retention, 1_000)).toBe(1.5);
  expect(retentionFactor(retention, 1e9)).toBeCloseTo(0.3);
  expect(retained(retention, 0)).toBe(1);
  expect(retained(null, 1e9)).toBe(1);
});
