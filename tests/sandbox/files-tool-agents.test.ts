import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  callerOf,
  contextOf,
  openFileToolBench,
  spaceOf,
  type FileToolBench,
} from './tool-bench.ts';
import { createDatabase } from '../../db/database.ts';
import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import { createFileTools } from '../../activities/tools/sandbox/files-tools.ts';

let bench: FileToolBench;
let files: FileStore;
let newRun: FileToolBench['newRun'];

beforeAll(async () => {
  bench = await openFileToolBench();
  ({ files, newRun } = bench);
});

afterAll(() => bench.close());

describe('two agents', () => {
  test('never lose what the other has written', async () => {
    const { ann, bob } = await newRun();
    await ann('write_file', { path: 'a', content: '1' });
    await ann('write_file', { path: 'a', content: '2' });
    const blind = bob('write_file', { path: 'a', content: 'x' });
    await expect(blind).rejects.toMatchObject({
      code: 'file.conflict',
      message: expect.stringContaining('a is at version 2, by ann'),
    });
    const stale = bob('write_file', { path: 'a', content: 'x', expectedVersion: 1 });
    await expect(stale).rejects.toMatchObject({ code: 'file.conflict' });
    await bob('write_file', { path: 'a', content: '3', expectedVersion: 2 });
    await ann('write_file', { path: 'a', content: '4', overwrite: true });
    expect(await bob('read_file', { path: 'a' })).toMatchObject({ version: 4, text: '4' });
  });

  test('who make one file at once have one winner', async () => {
    const { ann, bob } = await newRun();
    const made = await Promise.allSettled(
      [ann, bob].map((agent) => agent('write_file', { path: 'a', content: 'x' })),
    );
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('who edit different lines at once both find their edits', async () => {
    const { run, ann } = await newRun();
    const lines = Array.from({ length: 20 }, (_, index) => `<${index}>`);
    await ann('write_file', { path: 'a', content: lines.join('\n') });
    await using database = createDatabase({
      connectionString: bench.schema.connectionString,
      maxConnections: 4,
    });
    const other = callerOf(createFileTools(createFileStore(database), { allowHosts: [] }));
    const edits = lines.map((line, index) => {
      const agent = index % 2 === 0 ? bench.call : other;
      const args = { path: 'a', find: line, replace: `${line} done` };
      return agent('edit_file', args, contextOf(run, { stepId: `n${index}:1` }));
    });
    // Each meets the others' versions more often than it tries again: some are refused, none is lost.
    const done = await Promise.allSettled(edits);
    const { text } = (await ann('read_file', { path: 'a' })) as { readonly text: string };
    for (const [index, { status }] of done.entries()) {
      expect(text.includes(`<${index}> done`)).toBe(status === 'fulfilled');
    }
    expect((await files.stat(spaceOf(run), 'a')).version).toBe(
      1 + done.filter(({ status }) => status === 'fulfilled').length,
    );
  });

  test('take turns with a lock, and an overtaken token is refused', async () => {
    const { run, ann, bob } = await newRun();
    await ann('write_file', { path: 'a', content: '1' });
    const { fencingToken } = (await ann('lock_file', { path: 'a' })) as { fencingToken: number };
    expect(await ann('lock_file', { path: 'a' })).toMatchObject({ fencingToken });
    const locked = { code: 'file.locked' };
    const overwrite = { path: 'a', content: '2', overwrite: true };
    await expect(bob('lock_file', { path: 'a' })).rejects.toMatchObject(locked);
    await expect(bob('write_file', overwrite)).rejects.toMatchObject(locked);
    await expect(bob('file_rollback', { path: 'a', version: 1 })).rejects.toMatchObject(locked);
    await ann('edit_file', { path: 'a', find: '1', replace: '2', fencingToken });
    expect(await ann('unlock_file', { path: 'a', fencingToken })).toEqual({
      path: 'a',
      wasHeld: true,
    });
    // A lock that runs out: the next holder's token is higher, the old one is of no use.
    const short = { path: 'a', holder: 'gone', ttlMs: 1 };
    const stale = await files.lock(spaceOf(run), short);
    const won = (await bob('lock_file', { path: 'a' })) as { fencingToken: number };
    const next = { fencingToken: won.fencingToken };
    expect(next.fencingToken).toBeGreaterThan(stale.token);
    const late = { path: 'a', find: '2', replace: '3', fencingToken: stale.token };
    await expect(ann('edit_file', late)).rejects.toMatchObject({ code: 'file.conflict' });
    await bob('edit_file', { path: 'a', find: '2', replace: '3', ...next, expectedVersion: 2 });
  });
});
