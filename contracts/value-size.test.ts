import { expect, test } from '@jest/globals';
import { canonicalJson } from './canonical-json.ts';
import type { Json } from './json.ts';
import { largeValueText } from './value-size.ts';
import { LIMITS } from './limits.ts';

const LIMIT = LIMITS.inlineValueBytes;

const VALUES: readonly [string, Json][] = [
  ['a number', 1e-7],
  ['null', null],
  ['an empty object', {}],
  ['text that just fits', 'x'.repeat(LIMIT - 2)],
  ['text one byte too long', 'x'.repeat(LIMIT - 1)],
  ['text of three-byte characters', '€'.repeat(LIMIT / 3)],
  ['text of escapes', '\u0001'.repeat(LIMIT / 6)],
  ['text of surrogate pairs', '😀'.repeat(LIMIT / 4)],
  ['a list that just fits', Array.from({ length: (LIMIT - 2) / 2 }, () => 1)],
  ['a list one element too long', Array.from({ length: LIMIT / 2 + 1 }, () => 1)],
  ['an object with long keys', { ['k'.repeat(LIMIT)]: 1 }],
  ['nested objects', { a: { b: ['x'.repeat(LIMIT / 2), 'y'.repeat(LIMIT / 2)] } }],
];

test.each(VALUES)('tells by bytes whether %s may travel', (_name, value) => {
  const text = canonicalJson(value);
  const isLarge = Buffer.byteLength(text) > LIMIT;
  expect(largeValueText(value)).toBe(isLarge ? text : null);
});

test('refuses what is too large before it makes a text of it', () => {
  const part = 'x'.repeat(LIMITS.valueBytes / 2);
  const refused = expect.objectContaining({ code: 'value.too_large' });
  expect(() => largeValueText([part, part])).toThrow(refused);
  expect(() => largeValueText('"'.repeat(LIMITS.valueBytes / 2))).toThrow(refused);
});
