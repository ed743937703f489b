import { expect, test } from '@jest/globals';
import { checkFilePath } from './file-path.ts';

test.each(['a', 'a/b.txt', 'ä/日本/😀', '...', '.env', 'a b/c\\d', 'x'.repeat(512)])(
  'takes %j',
  (path) => {
    expect(checkFilePath(path)).toBe(path);
  },
);

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
  'x'.repeat(513),
])('refuses %j', (path) => {
  expect(() => checkFilePath(path)).toThrow(expect.objectContaining({ code: 'file.bad_path' }));
});
