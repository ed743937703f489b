import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { READ_FOLDER_LIMITS, readFolder } from './read-folder.ts';

let base = '';
let root = '';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'read-folder-'));
  root = join(base, 'inputs');
  await mkdir(join(root, 'notes'), { recursive: true });
  await mkdir(join(root, 'large'));
  await mkdir(join(base, 'secret'));
  await mkdir(join(base, 'inputs-too'));
  await writeFile(join(root, 'notes', 'b.txt'), 'second');
  await writeFile(join(root, 'notes', 'a.md'), 'first ✓');
  await writeFile(join(root, 'notes', '.hidden'), 'no');
  await writeFile(join(root, 'notes', 'image.png'), Buffer.from([0x89, 0x50, 0, 1]));
  await writeFile(join(root, 'large', 'x.txt'), Buffer.alloc(READ_FOLDER_LIMITS.fileBytes + 1, 65));
  await writeFile(join(base, 'secret', 'key.txt'), 'top secret');
  await symlink(join(base, 'secret'), join(root, 'escape'));
  await symlink(join(base, 'secret', 'key.txt'), join(root, 'notes', 'link.txt'));
});

afterAll(() => rm(base, { recursive: true, force: true }));

test('reads the text files of a folder by name', async () => {
  expect(await readFolder(root, 'notes')).toEqual([
    { name: 'a.md', text: 'first ✓' },
    { name: 'b.txt', text: 'second' },
  ]);
});

test.each([
  ['../secret', 'outside of the inputs'],
  ['notes/../../secret', 'outside of the inputs'],
  ['../inputs-too', 'outside of the inputs'],
  ['/etc', 'outside of the inputs'],
  ['escape', 'outside of the inputs'],
  ['notes\0', 'no NUL'],
  ['missing', 'no folder'],
  ['notes/a.md', 'not a folder'],
  ['large', 'too large'],
])('refuses %s', async (folder, reason) => {
  await expect(readFolder(root, folder)).rejects.toThrow(reason);
});
