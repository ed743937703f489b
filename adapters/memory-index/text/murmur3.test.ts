import { expect, test } from '@jest/globals';
import { murmur3 } from './murmur3.ts';

test.each([
  ['', 0],
  ['a', 0x3c2569b2],
  ['abc', 0xb3dd93fa],
  ['test', 0xba6bd213],
  ['hello', 0x248bfa47],
  ['Hello, world!', 0xc0363e43],
  ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
])('the hash of %j is the published one', (text, hash) => {
  expect(murmur3(new TextEncoder().encode(text))).toBe(hash);
});

test('hashes a part of the bytes as it would the part alone', () => {
  expect(murmur3(new TextEncoder().encode('xxhelloxx'), 2, 7)).toBe(0x248bfa47);
});
