import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANN, BOB, file, PAGE, openFileBench, type FileBench } from './file-bench.ts';
import { createHash } from 'node:crypto';
import { createTenant } from './fixtures.ts';
import { LIMITS } from '../../contracts/limits.ts';

let bench: FileBench;
let files: FileBench['files'];
let newSpace: FileBench['newSpace'];
let textAt: FileBench['textAt'];
let paths: FileBench['paths'];

beforeAll(async () => {
  bench = await openFileBench();
  ({ files, newSpace, textAt, paths } = bench);
});

afterAll(() => bench.close());

describe('a space', () => {
  test('tells what stood at each revision, and goes back to it', async () => {
    const space = await newSpace();
    await files.commitRevision(space, [file('a', '1'), file('d/b', '1')], ANN);
    await files.commitRevision(
      space,
      [
        file('a', '2'),
        { kind: 'removed', path: 'd/b' },
        { kind: 'removed', path: 'never' },
        { kind: 'link', path: 'l', target: '../a' },
        { kind: 'folder', path: 'e', mode: 0o700 },
      ],
      ANN,
    );
    expect(await paths(space, 0)).toEqual([]);
    expect(await paths(space, 1)).toEqual(['a', 'd/b']);
    expect((await files.manifest(space)).entries).toEqual([
      { kind: 'file', path: 'a', sha256: expect.any(String), sizeBytes: 1, mode: 0o644 },
      { kind: 'folder', path: 'e', mode: 0o700 },
      { kind: 'link', path: 'l', target: '../a' },
    ]);
    const back = await files.rollbackAll(space, 1, ANN);
    expect(back.revision).toBe(3);
    expect(back.versions.map(({ path, version }) => [path, version])).toEqual([
      ['a', 3],
      ['d/b', 3],
      ['e', 2],
      ['l', 2],
    ]);
    expect(await files.manifest(space)).toEqual(await files.manifest(space, 1));
    await expect(files.rollbackAll(space, 9, ANN)).rejects.toMatchObject({
      code: 'file.version_not_found',
    });
    const one = await files.rollback(space, { path: 'a', version: 2 }, ANN);
    expect(one.versions).toMatchObject([{ path: 'a', version: 4, note: 'back to version 2' }]);
    expect(await textAt(space, 'a')).toBe('2');
  });

  test('lists by prefix, page after page', async () => {
    const space = await newSpace();
    const names = ['a', 'b%/1', 'b%/2', 'b%/3', 'b_', 'bx'];
    await files.commitRevision(
      space,
      names.map((name) => file(name, '')),
      ANN,
    );
    const first = await files.list(space, { prefix: 'b%/' }, { limit: 2 });
    const cursor = first.nextCursor ?? '';
    const second = await files.list(space, { prefix: 'b%/' }, { limit: 2, cursor });
    expect([...first.items, ...second.items].map(({ path }) => path)).toEqual(names.slice(1, 4));
    expect(second.nextCursor).toBeNull();
  });

  test('is copied up to a revision, once, and goes on by itself', async () => {
    const [from, to] = [await newSpace(), await newSpace()];
    await files.write(from, file('a', '1'), ANN);
    await files.write(from, file('a', '2'), ANN);
    await files.write(from, file('b', '1'), ANN);
    const { workspaceId } = from;
    const copy = { workspaceId, from: from.spaceId, atRevision: 2, to: to.spaceId };
    await files.copySpace(copy);
    await files.copySpace(copy);
    expect([await paths(to), await textAt(to, 'a'), await textAt(to, 'a', 1)]).toEqual([
      ['a'],
      '2',
      '1',
    ]);
    expect(await files.write(to, file('a', '3'), ANN)).toMatchObject({ version: 3, revision: 3 });
    await files.copySpace(copy);
    expect(await textAt(from, 'a')).toBe('2');
    await expect(files.copySpace({ ...copy, atRevision: 1 })).rejects.toMatchObject({
      code: 'file.conflict',
    });
  });

  test('is not seen and not written by another workspace', async () => {
    const space = await newSpace();
    await files.write(space, file('a', 'secret'), ANN);
    const sha256 = createHash('sha256').update('secret').digest('hex');
    const stranger = await createTenant(bench.stores);
    const there = { ...space, workspaceId: stranger.workspaceId };
    expect(await files.manifest(there)).toEqual({ entries: [] });
    await expect(files.history(there, 'a', PAGE)).rejects.toMatchObject({ code: 'file.not_found' });
    await expect(files.content(there.workspaceId, sha256)).rejects.toMatchObject({
      code: 'blob.not_found',
    });
    await expect(files.write(there, file('a', ''), BOB)).rejects.toMatchObject({
      code: 'run.not_found',
    });
    const { run } = await stranger.createRun();
    const copy = { workspaceId: there.workspaceId, from: space.spaceId, atRevision: 9 };
    await files.copySpace({ ...copy, to: run.id });
    expect(await paths({ ...there, spaceId: run.id })).toEqual([]);
  });
});

describe('a comparison', () => {
  test('is a unified diff of texts', async () => {
    const space = await newSpace();
    await files.write(space, file('a', 'one\ntwo\n'), ANN);
    await files.write(space, file('a', 'one\nthree\n'), ANN);
    await files.remove(space, { path: 'a' }, ANN);
    const { kind, diff } = await files.diff(space, { path: 'a', from: 1, to: 2 });
    expect(kind).toBe('text');
    expect(diff).toContain('\n-two\n+three\n');
    expect((await files.diff(space, { path: 'a', from: 2, to: 3 })).diff).toContain('-three');
    expect((await files.diff(space, { path: 'a', from: 1, to: 1 })).diff).toBe('');
    await expect(files.diff(space, { path: 'a', from: 1, to: 4 })).rejects.toMatchObject({
      code: 'file.version_not_found',
    });
  });

  test('says so where there is nothing to compare', async () => {
    const space = await newSpace();
    const write = (text: string) => files.write(space, file('a', text), ANN);
    await write('text');
    await write('\0binary');
    await write('x'.repeat(LIMITS.diffBytes + 1));
    const kindOf = async (from: number, to: number) =>
      (await files.diff(space, { path: 'a', from, to })).kind;
    expect([await kindOf(1, 2), await kindOf(1, 3)]).toEqual(['binary', 'too_large']);
  });

  test('of texts that have nothing in common ends in time', async () => {
    const space = await newSpace();
    const lines = (seed: string): string =>
      Array.from({ length: 60_000 }, (_, index) => `${seed}${index}\n`).join('');
    await files.write(space, file('a', lines('a')), ANN);
    await files.write(space, file('a', lines('b')), ANN);
    const { kind } = await files.diff(space, { path: 'a', from: 1, to: 2 });
    expect(kind).toBe('too_large');
  });
});

describe('a search', () => {
  test('finds lines by text and by pattern in the paths that fit', async () => {
    const space = await newSpace();
    const changes = [
      file('src/a.ts', 'let x = 1;\r\nlet needle = 2;\n'),
      file('src/deep/er/b.ts', 'needle.needle\nneedXe'),
      file('src/c.js', 'needle'),
      file('bin', '\0needle'),
      file('big', 'x'.repeat(LIMITS.searchFileBytes + 1)),
    ];
    await files.commitRevision(space, changes, ANN);
    const found = async (pattern: string, syntax: 'text' | 'regex', glob?: string) => {
      const request = { pattern, syntax, ...(glob === undefined ? {} : { glob }) };
      const { matches } = await files.search(space, request);
      return matches.map(({ path, line, text }) => `${path}:${line}:${text}`);
    };
    expect(await found('let needle', 'text')).toEqual(['src/a.ts:2:let needle = 2;']);
    expect(await found('e.n', 'text')).toEqual(['src/deep/er/b.ts:1:needle.needle']);
    expect(await found('^need.e$', 'regex')).toEqual([
      'src/c.js:1:needle',
      'src/deep/er/b.ts:2:needXe',
    ]);
    expect(await found('needle', 'text', 'src/*.ts')).toHaveLength(1);
    expect(await found('needle', 'text', '**/*.ts')).toHaveLength(2);
    expect(await found('needle', 'text', 'src/?.js')).toHaveLength(1);
    const { skipped, truncated } = await files.search(space, { pattern: 'q', syntax: 'text' });
    expect(skipped).toEqual([
      { path: 'big', reason: 'too_large' },
      { path: 'bin', reason: 'binary' },
    ]);
    expect(truncated).toBe(false);
    for (const pattern of ['(', '', 'a'.repeat(1_001)]) {
      await expect(found(pattern, 'regex')).rejects.toMatchObject({ code: 'file.bad_pattern' });
    }
  });

  test('stops at the limit of matches, and patterns cannot make it run for ever', async () => {
    const space = await newSpace();
    await files.write(space, file('a', 'x\n'.repeat(600)), ANN);
    const many = await files.search(space, { pattern: 'x', syntax: 'text' });
    expect([many.matches.length, many.truncated]).toEqual([LIMITS.searchMatches, true]);
    await files.write(space, file('a', 'a'.repeat(20_000)), ANN);
    const evil = await files.search(space, { pattern: '(a+)+$b', syntax: 'regex' });
    expect(evil.matches).toEqual([]);
  });
});
