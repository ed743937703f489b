import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  createWorkingMemoryStore,
  type WorkingMemoryStore,
} from '../../db/stores/working-memory-store.ts';
import { openMemoryBench, type MemoryBench } from './memory-bench.ts';
import { createTenant } from './fixtures.ts';
import { newId } from '../../contracts/ids.ts';

let bench: MemoryBench;
let working: WorkingMemoryStore;
let ws: string;
let owner: { readonly runId: string };

beforeAll(async () => {
  bench = await openMemoryBench();
  working = createWorkingMemoryStore(bench.schema.database, bench.now);
  ws = bench.workspaceId;
});

beforeEach(async () => {
  owner = { runId: (await bench.tenant.seedRun()).runId };
});

afterAll(() => bench.schema.drop());

const HOUR = 3_600_000;
const GONE = { code: 'working_memory.not_found' };

test('a value is gone an hour after its last use, each by itself', async () => {
  await working.set(ws, owner, { key: 'a', value: { x: [1, 'ä\0'] } });
  await working.set(ws, owner, { key: 'b', value: null });
  bench.wait(HOUR - 1);
  expect((await working.get(ws, owner, 'a')).value).toEqual({ x: [1, 'ä\uFFFD'] });
  bench.wait(1);
  await expect(working.get(ws, owner, 'b')).rejects.toMatchObject(GONE);
  const { items } = await working.list(ws, owner);
  expect(items.map(({ key }) => key)).toEqual(['a']);
  bench.wait(HOUR - 2);
  expect((await working.list(ws, owner, { use: true })).items).toHaveLength(1);
  bench.wait(HOUR - 1);
  expect((await working.list(ws, owner)).items).toHaveLength(1);
  bench.wait(1);
  expect((await working.list(ws, owner)).items).toEqual([]);
  expect(await working.delete(ws, owner, 'a')).toBe(false);
  expect(await working.deleteExpired(1)).toBe(1);
  expect(await working.deleteExpired(10)).toBe(1);
});

test('all values of one owner share their room, whoever writes at once', async () => {
  const value = 'x'.repeat(10_000);
  const writes = Array.from({ length: 12 }, (_, i) =>
    working.set(ws, owner, { key: `k${i}`, value }),
  );
  const answers = await Promise.allSettled(writes);
  const refused = answers.filter((answer) => answer.status === 'rejected');
  expect(refused).toHaveLength(6);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'working_memory.full' });
  const { items, sizeBytes, limitBytes } = await working.list(ws, owner);
  expect(items).toHaveLength(6);
  expect(sizeBytes).toBeLessThanOrEqual(limitBytes);
  const key = items[0]?.key ?? '';
  await working.set(ws, owner, { key, value: `y${value}` });
  expect(await working.delete(ws, owner, key)).toBe(true);
  await working.set(ws, owner, { key: 'after', value });
});

test('a thread has a working memory of its own, and another workspace has none of it', async () => {
  const { agentId, id: versionId } = bench.tenant.version;
  const { id: threadId } = await bench.stores.threads.create(ws, { agentId, versionId, title: '' });
  await working.set(ws, { threadId }, { key: 'k', value: 1 });
  await working.set(ws, owner, { key: 'k', value: 2 });
  expect((await working.get(ws, { threadId }, 'k')).value).toBe(1);
  const { workspaceId: there } = await createTenant(bench.stores);
  const set = (id: string, of: Parameters<typeof working.set>[1]) =>
    working.set(id, of, { key: 'k', value: 3 });
  await expect(set(there, owner)).rejects.toMatchObject({ code: 'run.not_found' });
  await expect(set(there, { threadId })).rejects.toMatchObject({ code: 'thread.not_found' });
  await expect(set(ws, { runId: newId('run') })).rejects.toMatchObject({ code: 'run.not_found' });
  await expect(working.get(there, owner, 'k')).rejects.toMatchObject(GONE);
  expect((await working.list(there, owner)).items).toEqual([]);
  expect(await working.delete(there, owner, 'k')).toBe(false);
  expect((await working.get(ws, owner, 'k')).value).toBe(2);
});
