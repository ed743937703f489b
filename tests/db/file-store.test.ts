import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANN, BOB, bytes, file, PAGE, openFileBench, type FileBench } from './file-bench.ts';
import { createHash } from 'node:crypto';
import { createTenant } from './fixtures.ts';
import type { FileChange } from '../../db/stores/file-store.ts';

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

describe('a path', () => {
  test('has versions 1, 2, 3, each with who wrote it, when and by which step', async () => {
    const space = await newSpace();
    const one = await files.write(space, file('a.txt', 'one', { mode: 0o755 }), ANN);
    const written = { ...BOB, stepId: 's:1', note: 'better' };
    await files.write(space, file('a.txt', 'two'), written);
    expect(one).toMatchObject({ version: 1, revision: 1, mode: 0o755, sizeBytes: 3, actor: 'ann' });
    const { items } = await files.history(space, 'a.txt', PAGE);
    expect(items).toMatchObject([
      { version: 2, actor: 'bob', stepId: 's:1', note: 'better', mode: 0o644 },
      { version: 1, actor: 'ann', stepId: null, note: '' },
    ]);
    expect([await textAt(space, 'a.txt'), await textAt(space, 'a.txt', 1)]).toEqual(['two', 'one']);
    const sha256 = createHash('sha256').update('one').digest('hex');
    expect(one.sha256).toBe(sha256);
  });

  test.each(['/a', '../a', 'a/../b', '', 'a\0', 'x'.repeat(300), 'a//b'])(
    'is refused as %j',
    async (path) => {
      const space = await newSpace();
      const refusal = { code: 'file.bad_path' };
      await expect(files.write(space, file(path, ''), ANN)).rejects.toMatchObject(refusal);
      const lock = { path, holder: 'ann', ttlMs: 1_000 };
      await expect(files.lock(space, lock)).rejects.toMatchObject(refusal);
      expect(await files.lastRevision(space)).toBe(0);
    },
  );

  test('may be 512 characters of any script', async () => {
    const space = await newSpace();
    const path = `${`${'文'.repeat(85)}/`.repeat(5)}${'😀'.repeat(41)}`;
    expect(path).toHaveLength(512);
    await files.write(space, file(path, 'x'), ANN);
    expect(await paths(space)).toEqual([path]);
  });

  test('that was removed is gone, keeps its history and can be written again', async () => {
    const space = await newSpace();
    await files.write(space, file('a', 'one'), ANN);
    const gone = await files.remove(space, { path: 'a' }, ANN);
    expect(gone).toMatchObject({ version: 2, deleted: true, sha256: null });
    await expect(files.read(space, 'a')).rejects.toMatchObject({ code: 'file.not_found' });
    await expect(files.remove(space, { path: 'a' }, ANN)).rejects.toMatchObject({
      code: 'file.not_found',
    });
    expect(await textAt(space, 'a', 1)).toBe('one');
    expect(await files.write(space, file('a', 'new'), ANN)).toMatchObject({ version: 3 });
  });

  test('holds nothing below it unless it is a folder', async () => {
    const space = await newSpace();
    const conflict = { code: 'file.conflict' };
    await files.write(space, file('a', 'x'), ANN);
    await files.write(space, file('d/e', 'x'), ANN);
    await files.write(space, file('d.txt', 'x'), ANN);
    await expect(files.write(space, file('a/b', 'x'), ANN)).rejects.toMatchObject(conflict);
    await expect(files.write(space, file('d', 'x'), ANN)).rejects.toMatchObject(conflict);
    const turned: FileChange[] = [{ kind: 'removed', path: 'a' }, file('a/b', 'x')];
    await files.commitRevision(space, [...turned, { kind: 'folder', path: 'd' }], ANN);
    expect(await paths(space)).toEqual(['a/b', 'd', 'd.txt', 'd/e']);
  });
});

describe('contents', () => {
  test('are transferred only where they are missing, and then written by their hash', async () => {
    const space = await newSpace();
    const { workspaceId } = space;
    const random = crypto.randomUUID();
    const [known] = await files.putContents(workspaceId, [bytes(random)]);
    const unknown = createHash('sha256').update(`${random}!`).digest('hex');
    expect(await files.missing(workspaceId, [known ?? '', unknown, unknown])).toEqual([unknown]);
    const change = (sha256: string): FileChange => ({
      kind: 'file',
      path: 'a',
      content: { sha256 },
    });
    const written = await files.write(space, change(known ?? ''), ANN);
    expect(written.sizeBytes).toBe(random.length);
    await expect(files.write(space, change(unknown), ANN)).rejects.toMatchObject({
      code: 'blob.not_found',
    });
    const stranger = await createTenant(bench.stores);
    expect(await files.missing(stranger.workspaceId, [known ?? ''])).toEqual([known]);
  });
});
