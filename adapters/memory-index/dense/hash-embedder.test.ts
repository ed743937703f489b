import { expect, test } from '@jest/globals';
import { embedByHash, type DocumentFrequencies } from './hash-embedder.ts';

const NONE: DocumentFrequencies = { documents: 0, containing: () => 0 };
const DIMENSIONS = 512;

function likeness(a: string, b: string, frequencies = NONE): number {
  const vector = embedByHash(b, frequencies, DIMENSIONS);
  return embedByHash(a, frequencies, DIMENSIONS).reduce(
    (sum, value, index) => sum + value * (vector[index] ?? 0),
    0,
  );
}

test('the same text has the same vector, of length 1', () => {
  expect(likeness('Anna plays the violin', 'Anna plays the violin')).toBeCloseTo(1, 5);
});

test('a misspelt word is still alike, another word is not', () => {
  expect(likeness('violinist', 'violonist')).toBeGreaterThan(0.3);
  expect(Math.abs(likeness('violinist', 'bathtub'))).toBeLessThan(0.2);
});

test('the order of words counts a little', () => {
  const swapped = likeness('dog bites man', 'man bites dog');
  expect(swapped).toBeLessThan(0.999);
  expect(swapped).toBeGreaterThan(0.6);
});

test('a rare word counts more than a frequent one', () => {
  const frequencies = { documents: 100, containing: (term: string) => (term === 'dog' ? 90 : 1) };
  const [rare, frequent] = [
    likeness('dog violin', 'violin', frequencies),
    likeness('dog violin', 'dog', frequencies),
  ];
  expect(rare).toBeGreaterThan(2 * frequent);
});

test('a text of stop words has no direction', () => {
  expect([...embedByHash('what is it', NONE, 4)]).toEqual([0, 0, 0, 0]);
});

test('the vector of a text never changes', () => {
  const vector = embedByHash('Anna plays violin', NONE, 16);
  expect([...vector].map((value) => Number(value.toFixed(3)))).toEqual([
    -0.42, 0.14, -0.14, -0.14, 0.28, -0.14, 0.28, -0.14, 0.42, 0, 0.28, 0.42, 0.14, 0.14, -0.14,
    0.28,
  ]);
});
