import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  createEmbeddingCacheStore,
  type EmbeddingCacheStore,
} from '../../db/stores/embedding-cache-store.ts';
import { cachedEmbedder } from '../../activities/memory/cached-embedder.ts';
import { createHash } from 'node:crypto';
import { createTenant } from './fixtures.ts';
import { DAY, openMemoryBench, type MemoryBench } from './memory-bench.ts';
import type { Embedder, EmbedOptions } from '../../adapters/embedders/port.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { sql } from 'kysely';

const DOCUMENTS = { set: 'openai:m:1:3', use: 'document' } as const;
const QUERIES = { set: 'openai:m:1:3', use: 'query' } as const;
const HOUR = 3_600_000;

let bench: MemoryBench;
let cache: EmbeddingCacheStore;
let ws: string;

beforeAll(async () => {
  bench = await openMemoryBench();
  cache = createEmbeddingCacheStore(bench.schema.database, bench.now);
});

beforeEach(async () => {
  await sql`delete from embedding_cache`.execute(bench.schema.database.kysely);
  ({ workspaceId: ws } = await createTenant(bench.stores));
});

afterAll(() => bench.schema.drop());

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function entry(text: string, ...numbers: readonly number[]) {
  return { hash: hashOf(text), vector: Float32Array.from(numbers) };
}

async function has(text: string, workspaceId = ws): Promise<boolean> {
  return (await cache.get(workspaceId, DOCUMENTS, [hashOf(text)])).size === 1;
}

test('a vector comes back as it was kept, in its workspace, set and use only', async () => {
  const { workspaceId: stranger } = await createTenant(bench.stores);
  const kept = entry('a', 1.5, -0.1, 3e-20);
  await cache.put(ws, DOCUMENTS, [kept, entry('b', 1, 2, 3)]);
  const found = await cache.get(ws, DOCUMENTS, [kept.hash, hashOf('c')]);
  expect([...found]).toEqual([[kept.hash, kept.vector]]);
  expect((await cache.get(stranger, DOCUMENTS, [kept.hash])).size).toBe(0);
  expect((await cache.get(ws, QUERIES, [kept.hash])).size).toBe(0);
  expect((await cache.get(ws, { ...DOCUMENTS, set: 'openai:m:2:3' }, [kept.hash])).size).toBe(0);
  expect(await cache.clear(stranger)).toBe(0);
  expect(await cache.clear(ws)).toBe(2);
  expect(await has('a')).toBe(false);
});

test('what many writers keep at once is kept once, and nobody waits in a circle', async () => {
  const texts = Array.from({ length: LIMITS.memoryBatch }, (_, index) => `text ${index}`);
  const write = (order: readonly string[]) =>
    cache.put(
      ws,
      DOCUMENTS,
      order.map((text) => entry(text, 1, 2, 3)),
    );
  await Promise.all(
    Array.from({ length: 8 }, (_, n) => write(n % 2 === 0 ? texts : texts.toReversed())),
  );
  expect(await cache.clear(ws)).toBe(LIMITS.memoryBatch);
});

test('a use keeps a vector; what is not used for long is removed, so many at a time', async () => {
  await cache.put(ws, DOCUMENTS, [entry('a', 1), entry('b', 1), entry('c', 1), entry('d', 1)]);
  bench.wait(LIMITS.embeddingCacheMs - HOUR);
  expect(await has('a')).toBe(true);
  bench.wait(HOUR);
  expect(await cache.prune(10)).toBe(0);
  bench.wait(1);
  expect(await cache.prune(2)).toBe(2);
  expect(await cache.prune(2)).toBe(1);
  expect(await has('a')).toBe(true);
  bench.wait(LIMITS.embeddingCacheMs + DAY);
  expect(await cache.prune(10)).toBe(1);
});

test('of a workspace that has too much, what was used longest ago goes', async () => {
  const { workspaceId: other } = await createTenant(bench.stores);
  await cache.put(other, DOCUMENTS, [entry('old of another', 1)]);
  bench.wait(1);
  await cache.put(ws, DOCUMENTS, [entry('oldest', 1)]);
  bench.wait(1);
  await cache.put(ws, DOCUMENTS, [entry('older', 1)]);
  bench.wait(1);
  await sql`
    insert into embedding_cache
    select ${ws}, 'openai:m:1:3', 'document', sha256(i::text::bytea), '\\x0000803f', ${bench.now()}
    from generate_series(1, ${LIMITS.embeddingCacheEntries}::int) i`.execute(
    bench.schema.database.kysely,
  );
  expect(await cache.prune(1)).toBe(1);
  expect([await has('oldest'), await has('older')]).toEqual([false, true]);
  expect(await cache.prune(10)).toBe(1);
  expect([await has('older'), await has('old of another', other)]).toEqual([false, true]);
  expect(await cache.prune(10)).toBe(0);
});

test('erasing a person leaves no vector in the workspace, and all of them in others', async () => {
  const { workspaceId: other } = await createTenant(bench.stores);
  await cache.put(ws, DOCUMENTS, [entry('a', 1)]);
  await cache.put(other, DOCUMENTS, [entry('a', 1)]);
  await bench.memories.eraseUser(ws, { userId: 'u1', actor: 'ann' });
  expect([await has('a'), await has('a', other)]).toEqual([false, true]);
});

test('more than a batch at once is refused', async () => {
  const many = Array.from({ length: LIMITS.memoryBatch + 1 }, (_, index) => entry(`${index}`, 1));
  const refused = { code: 'embedding.invalid' };
  await expect(cache.put(ws, DOCUMENTS, many)).rejects.toMatchObject(refused);
  await expect(
    cache.get(
      ws,
      DOCUMENTS,
      many.map(({ hash }) => hash),
    ),
  ).rejects.toMatchObject(refused);
});

/** Says what it was asked; of a text it knows the length. */
function counting(remote: boolean) {
  const asked: (readonly string[])[] = [];
  const embedder: Embedder = {
    ref: { id: 'counting', revision: '1', dim: 2 },
    quality: 'semantic',
    profile: { remote, maxTextBytes: 100 },
    embed: async (texts: readonly string[], { use }: EmbedOptions) => {
      asked.push(texts);
      if (texts.includes('fail')) throw new Error('the service is down');
      return texts.map((text) => Float32Array.of(text.length, use === 'query' ? 1 : 0));
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { embedder, asked };
}

test('a text is embedded once for each use, however often it is asked for', async () => {
  const { embedder, asked } = counting(true);
  const cached = cachedEmbedder({ embedder, cache, workspaceId: ws });
  const texts = ['one', 'three', 'one'];
  const first = await cached.embed(texts, { use: 'document' });
  expect(first.map((vector) => [...vector])).toEqual([
    [3, 0],
    [5, 0],
    [3, 0],
  ]);
  expect(await cached.embed(['three', 'one'], { use: 'document' })).toEqual([first[1], first[0]]);
  expect(await cached.embed(['eleven', 'one'], { use: 'document' })).toHaveLength(2);
  expect((await cached.embed(['one'], { use: 'query' })).map((v) => [...v])).toEqual([[3, 1]]);
  expect(asked).toEqual([['one', 'three'], ['eleven'], ['one']]);
  expect(await cached.embed([], { use: 'query' })).toEqual([]);
  expect(asked).toHaveLength(3);
});

test('what was embedded before a failure is not embedded again', async () => {
  const { embedder, asked } = counting(true);
  const cached = cachedEmbedder({ embedder, cache, workspaceId: ws });
  const texts = Array.from({ length: LIMITS.memoryBatch }, (_, index) => `text ${index}`);
  const tooMuch = [...texts, 'fail'];
  await expect(cached.embed(tooMuch, { use: 'document' })).rejects.toThrow('down');
  await expect(cached.embed(tooMuch, { use: 'document' })).rejects.toThrow('down');
  expect(asked.map((part) => part.length)).toEqual([LIMITS.memoryBatch, 1, 1]);
});

test('vectors that cost nothing are not kept, and an abort is told', async () => {
  const { embedder } = counting(false);
  expect(cachedEmbedder({ embedder, cache, workspaceId: ws })).toBe(embedder);
  const remote = cachedEmbedder({ embedder: counting(true).embedder, cache, workspaceId: ws });
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(remote.embed(['a'], { use: 'query', signal })).rejects.toThrow('enough');
});
