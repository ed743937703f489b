import { expect, test } from '@jest/globals';
import { jsonText } from './json-text.ts';

const CASES: readonly [string, unknown, unknown][] = [
  ['plain values', { a: [1, 'ü😀', null] }, { a: [1, 'ü😀', null] }],
  ['NUL', 'a\0b\0\0c', 'a\uFFFDb\uFFFD\uFFFDc'],
  ['NUL in a key', { '\0': 1 }, { '\uFFFD': 1 }],
  ['NUL behind a backslash', '\\\0', '\\\uFFFD'],
  ['an escape that is plain text', '\\u0000 \\ud800', '\\u0000 \\ud800'],
  ['an escape that is plain text behind a backslash', '\\\\u0000', '\\\\u0000'],
  ['a lone high surrogate', 'x\ud83d', 'x\uFFFD'],
  ['a lone low surrogate', '\ude00x', '\uFFFDx'],
  ['surrogates in the wrong order', '\ude00\ud83d', '\uFFFD\uFFFD'],
  ['other control characters', '\u0001\u001f\n"', '\u0001\u001f\n"'],
];

test.each(CASES)('keeps what can be kept of %s', (_name, value, kept) => {
  expect(JSON.parse(jsonText(value))).toEqual(kept);
});
