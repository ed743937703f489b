import { expect, test } from '@jest/globals';
import { checkFilePath } from './file-path.ts';

const LONG = 'x'.repeat(255);

test.each([
  'a',
  'a/b.txt',
  'ä/日本/😀',
  '...',
  '.env',
  'a b/c\\d',
  LONG,
  'ä'.repeat(127),
  `${LONG}/${'x'.repeat(254)}/y`,
])('takes %j', (path) => {
  expect(checkFilePath(path)).toBe(path);
});

test.each([
  '',
  '/',
  '/etc/passwd',
  '..',
  'a/../b',
  '../b',
  'a/..',
  '.',
  './a',
  'a//b',
  'a/',
  'a\0b',
  'a\ud800',
  'x'.repeat(256),
  'ä'.repeat(128),
  `a/${'x'.repeat(300)}/b`,
  `${LONG}/${LONG}/y`,
])('refuses %j', (path) => {
  expect(() => checkFilePath(path)).toThrow(expect.objectContaining({ code: 'file.bad_path' }));
});
