import { expect, test } from '@jest/globals';
import { nameKey, wordsOf } from './entity-name.ts';

test('names are alike whatever their case, spaces and compositions', () => {
  expect(nameKey('  Ada\t LOVELACE\0 ')).toBe(nameKey('ada lovelace'));
  expect(nameKey('Cafe\u0301')).toBe(nameKey('CAFÉ'));
});

test('a name has each of its words once, no longer and no more than is kept', () => {
  expect(wordsOf('Zoë & zoë, 100%!')).toEqual(['zoë', '100']);
  expect(wordsOf('`)-[]->()')).toEqual([]);
  expect(wordsOf('x'.repeat(100))).toEqual(['x'.repeat(64)]);
  expect(wordsOf(Array.from({ length: 30 }, (_, i) => `w${i}`).join(' '))).toHaveLength(16);
});
