import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANN, BOB, file, openFileBench, type FileBench } from './file-bench.ts';
import { createDatabase } from '../../db/database.ts';
import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';

let bench: FileBench;
let files: FileBench['files'];
let tenant: FileBench['tenant'];
let newSpace: FileBench['newSpace'];
let paths: FileBench['paths'];

beforeAll(async () => {
  bench = await openFileBench();
  ({ files, tenant, newSpace, paths } = bench);
});

afterAll(() => bench.close());

describe('writers', () => {
  test('lose no version when two processes write one file 1,000 times each at once', async () => {
    const space = await newSpace();
    await using other = createDatabase({
      connectionString: bench.connectionString,
      maxConnections: 2,
    });
    const writer = async (name: string, store: FileStore): Promise<void> => {
      for (let index = 1; index <= 1_000; index += 1) {
        await store.write(space, file('shared', `${name} ${index}`), { actor: name });
      }
    };
    await Promise.all([writer('ann', files), writer('bob', createFileStore(other))]);
    const seen: number[] = [];
    const texts = new Map<string, string[]>();
    let cursor: string | null = null;
    do {
      const page = { limit: 200, ...(cursor === null ? {} : { cursor }) };
      const { items, nextCursor } = await files.history(space, 'shared', page);
      for (const { version, actor, sha256 } of items) {
        seen.push(version);
        const text = (await files.content(space.workspaceId, sha256 ?? '')).toString('utf8');
        texts.set(actor, [...(texts.get(actor) ?? []), text]);
      }
      cursor = nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, index) => 2_000 - index));
    for (const name of ['ann', 'bob']) {
      const expected = Array.from({ length: 1_000 }, (_, index) => `${name} ${1_000 - index}`);
      expect(texts.get(name)).toEqual(expected);
    }
    expect(await files.lastRevision(space)).toBe(2_000);
  }, 120_000);

  test('of many files in opposite orders do not deadlock', async () => {
    const space = await newSpace();
    const names = Array.from({ length: 20 }, (_, index) => `f${index}`);
    const jobs = Array.from({ length: 20 }, (_, job) => {
      const order = job % 2 === 0 ? names : names.toReversed();
      return files.commitRevision(
        space,
        order.map((name) => file(name, `${job}`)),
        { actor: `${job}` },
      );
    });
    const revisions = await Promise.all(jobs);
    expect(revisions.map(({ revision }) => revision).sort((a, b) => a - b)).toEqual(
      jobs.map((_, index) => index + 1),
    );
    for (const name of names) expect((await files.stat(space, name)).version).toBe(20);
  });

  test('who expect another version are told which one stands', async () => {
    const space = await newSpace();
    await files.write(space, file('a', '1', { expectedVersion: 0 }), ANN);
    await files.write(space, file('a', '2', { expectedVersion: 1 }), ANN);
    const stale = files.write(space, file('a', '3', { expectedVersion: 1 }), BOB);
    await expect(stale).rejects.toMatchObject({
      code: 'file.conflict',
      message: expect.stringContaining('at version 2'),
    });
    const exists = files.write(space, file('a', '3', { expectedVersion: 0 }), BOB);
    await expect(exists).rejects.toMatchObject({ code: 'file.conflict' });
    const two = [file('b', 'x'), file('a', '3', { expectedVersion: 1 })];
    await expect(files.commitRevision(space, two, BOB)).rejects.toMatchObject({
      code: 'file.conflict',
    });
    expect([await paths(space), await files.lastRevision(space)]).toEqual([['a'], 2]);
  });

  test('who repeat a key get what was written the first time', async () => {
    const space = await newSpace();
    const options = { ...ANN, key: 'step:1' };
    const first = await files.commitRevision(space, [file('a', '1'), file('b', '1')], options);
    const again = await files.commitRevision(space, [file('a', '2')], options);
    expect(again).toEqual(first);
    const removal = { ...ANN, key: 'step:2' };
    const gone = await files.remove(space, { path: 'a' }, removal);
    expect(await files.remove(space, { path: 'a' }, removal)).toEqual(gone);
    expect(await files.lastRevision(space)).toBe(2);
  });

  test('are refused a path named twice and more bytes than a file may have', async () => {
    const space = await newSpace();
    const twice = files.commitRevision(space, [file('a', '1'), file('a', '2')], ANN);
    await expect(twice).rejects.toMatchObject({ code: 'file.conflict' });
    const most = new Uint8Array(LIMITS.fileBytes);
    const { version } = await files.write(space, { kind: 'file', path: 'm', content: most }, ANN);
    expect(version).toBe(1);
    expect((await files.read(space, 'm')).bytes).toHaveLength(LIMITS.fileBytes);
    const more = {
      kind: 'file',
      path: 'n',
      content: new Uint8Array(LIMITS.fileBytes + 1),
    } as const;
    await expect(files.write(space, more, ANN)).rejects.toMatchObject({ code: 'file.too_large' });
  });

  test('of a space without a run are refused', async () => {
    const space = { workspaceId: tenant.workspaceId, spaceId: newId('run') };
    const refusal = { code: 'run.not_found' };
    await expect(files.write(space, file('a', ''), ANN)).rejects.toMatchObject(refusal);
  });
});

describe('a lock', () => {
  const lock = (holder: string, ttlMs = 60_000) => ({ path: 'a', holder, ttlMs });

  test('keeps others out until it is given back, and its token only grows', async () => {
    const space = await newSpace();
    const { token } = await files.lock(space, lock('ann'));
    expect(token).toBe(1);
    expect((await files.lock(space, lock('ann'))).token).toBe(1);
    const locked = { code: 'file.locked' };
    await expect(files.lock(space, lock('bob'))).rejects.toMatchObject(locked);
    await expect(files.write(space, file('a', 'x'), BOB)).rejects.toMatchObject(locked);
    await files.write(space, file('b', 'x'), BOB);
    await files.write(space, file('a', 'x', { fencingToken: token }), ANN);
    expect(await files.unlock(space, { path: 'a', token })).toBe(true);
    expect(await files.unlock(space, { path: 'a', token })).toBe(false);
    await files.write(space, file('a', 'y'), BOB);
    expect((await files.lock(space, lock('bob'))).token).toBe(2);
  });

  test('that ran out goes to the next, and the older token cannot write any more', async () => {
    const space = await newSpace();
    const old = await files.lock(space, lock('ann', 0));
    const next = await files.lock(space, lock('bob'));
    expect(next.token).toBe(old.token + 1);
    const conflict = { code: 'file.conflict' };
    const stale = files.write(space, file('a', 'x', { fencingToken: old.token }), ANN);
    await expect(stale).rejects.toMatchObject(conflict);
    const invented = files.write(space, file('a', 'x', { fencingToken: 9 }), ANN);
    await expect(invented).rejects.toMatchObject(conflict);
    expect(await files.unlock(space, { path: 'a', token: old.token })).toBe(false);
    await files.write(space, file('a', 'x', { fencingToken: next.token }), BOB);
  });

  test('is given to one of twenty who ask at once', async () => {
    const space = await newSpace();
    const asked = Array.from({ length: 20 }, (_, index) => files.lock(space, lock(`${index}`)));
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
