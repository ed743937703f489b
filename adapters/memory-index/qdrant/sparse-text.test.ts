import { expect, test } from '@jest/globals';
import { dimensionOf, toSparseDocument, toSparseQuery } from './sparse-text.ts';

test('terms have the numbers that Qdrant gives them', () => {
  expect(['violin', 'café', '東京'].map(dimensionOf)).toEqual([972533363, 605818632, 1765863102]);
});

test('a text has the weights that Qdrant gives it', () => {
  const { indices, values } = toSparseDocument('Violin lessons: a violin in town', 'dialogue');
  expect(indices).toEqual([972533363, 2031445647, 1365557299]);
  expect(values[0]).toBeCloseTo(1.3956157, 6);
  expect(values[1]).toBeCloseTo(1.1028478, 6);
});

test('a search asks for each term once', () => {
  expect([...toSparseQuery('Who plays violins? A violin!').values()]).toEqual(['play', 'violin']);
  expect(toSparseQuery('who is it').size).toBe(0);
});
