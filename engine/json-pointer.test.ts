import { expect, test } from '@jest/globals';
import { pointTo, resolvePointer } from './json-pointer.ts';
import type { Json } from '../contracts/json.ts';

const ROOT: Json = { a: [{ 'b/c~d': 1 }], '': 2 };

test('a pointer escapes what has a meaning in pointers', () => {
  expect(pointTo(pointTo('/a', 0), 'b/c~d')).toBe('/a/0/b~1c~0d');
});

test.each<[string, Json | undefined]>([
  ['', ROOT],
  ['/a/0/b~1c~0d', 1],
  ['/', 2],
  ['/a/1', undefined],
  ['/a/00', undefined],
  ['/a/length', undefined],
  ['/toString', undefined],
  ['a', undefined],
])('the pointer %j leads where it should', (pointer, value) => {
  expect(resolvePointer(ROOT, pointer)).toEqual(value);
});
