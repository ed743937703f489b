import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ANN, memory, openMemoryBench, type MemoryBench } from './memory-bench.ts';
import { createCrawlStore } from '../../db/stores/crawl-store.ts';
import { createGraphStore } from '../../db/stores/graph-store.ts';
import { createKnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { createWorkingMemoryStore } from '../../db/stores/working-memory-store.ts';

let bench: MemoryBench;

beforeAll(async () => {
  bench = await openMemoryBench();
});

afterAll(() => bench.schema.drop());

const SECRET = 'zebra';
const EMBEDDER = { id: 'e', revision: '1', dim: 1 };

/** Everything that can tell of a person, beside things of others. */
async function fill(userId: string): Promise<void> {
  const { schema, memories, workspaceId: ws } = bench;
  const knowledge = createKnowledgeStore(schema.database);
  const graph = createGraphStore(schema.database);
  const working = createWorkingMemoryStore(schema.database);
  const made = await memories.remember(
    ws,
    [
      memory(`${SECRET} one`, { userId }),
      memory(`${SECRET} two`, { userId, scope: 'workspace' }),
      memory(`${SECRET} evidence`, { userId }),
      memory('of someone else', { userId: 'u2' }),
    ],
    ANN,
  );
  const [one, two, held, other] = made.map((answer) => answer.memory.id);
  await memories.edit(ws, one ?? '', { text: `${SECRET} one, edited`, ...ANN });
  await memories.mark(ws, held ?? '', { legalHold: true, ...ANN });
  const sum = { origin: 'summary', scope: 'workspace', userId: null } as const;
  const [first] = await memories.remember(
    ws,
    [memory(`${SECRET} summary`, { ...sum, derivedFrom: [two ?? '', other ?? ''] })],
    ANN,
  );
  await memories.remember(
    ws,
    [memory(`${SECRET} summary of it`, { ...sum, derivedFrom: [first?.memory.id ?? ''] })],
    ANN,
  );
  for (const { id, hash } of await memories.missingVectors(ws, { embedder: EMBEDDER, limit: 9 })) {
    await memories.putVectors(ws, EMBEDDER, [{ id, hash, vector: new Float32Array([1]) }]);
  }
  const base = await knowledge.createBase(ws, { name: 'kb', description: '' });
  const { document } = await knowledge.putDocument(ws, {
    knowledgeBaseId: base.id,
    source: 'cv.txt',
    title: `cv of ${SECRET}`,
    mediaType: 'text/plain',
    content: new TextEncoder().encode(SECRET),
    userId,
  });
  await createCrawlStore(schema.database).create(ws, {
    ...{ url: `https://${SECRET}.example/`, maxPages: 1, maxDepth: 0, include: [], exclude: [] },
    ...{ knowledgeBaseId: base.id, userId },
  });
  const piece = { page: null, start: 0, end: 5, headings: [SECRET] };
  const { added } = await knowledge.replaceChunks(ws, {
    documentId: document.id,
    revision: 1,
    chunks: [{ ...piece, text: SECRET }],
  });
  const vectors = added.map(({ id, hash }) => ({ id, hash, vector: new Float32Array([2]) }));
  await knowledge.putVectors(ws, EMBEDDER, vectors);
  await knowledge.startIngestion(ws, document.id);
  const [ann, rome, dog] = await graph.putEntities(ws, [
    { name: SECRET, type: 'person', userId },
    { name: 'Rome', type: 'city', summary: `where ${SECRET} lives` },
    { name: `dog of ${SECRET}`, type: 'pet' },
  ]);
  const fact = { predicate: 'p', text: `${SECRET} fact` };
  const ends = [ann?.id ?? '', rome?.id ?? '', dog?.id ?? ''] as const;
  const { id } = await graph.record(ws, { ...fact, sourceId: ends[0], targetId: ends[1] });
  await graph.closeFact(ws, { id, invalidAt: '2030-01-01T00:00:00Z' });
  const memoryId = one ?? '';
  await graph.record(ws, { ...fact, sourceId: ends[2], targetId: ends[1], memoryId });
  const [italy] = await graph.putEntities(ws, [{ name: 'Italy', type: 'country' }]);
  await graph.record(ws, {
    predicate: 'in',
    text: 'Rome is in Italy',
    sourceId: ends[1],
    targetId: italy?.id ?? '',
  });
  const { runId } = await bench.tenant.seedRun();
  await working.set(ws, { runId }, { key: 'k', value: SECRET, userId });
}

/** Every text of every table that has the word. */
async function traces(word: string): Promise<readonly string[]> {
  const { pool } = bench.schema.database;
  const { rows: tables } = await pool.query<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `select t::text as row from "${name}" t where t::text like $1 or t::text like $2`,
      [`%${word}%`, `%${Buffer.from(word).toString('hex')}%`],
    );
    found.push(...rows.map(({ row }) => `${name} ${row}`));
  }
  return found;
}

test('erasing a person leaves nothing of him anywhere, but what a legal hold keeps', async () => {
  const { memories, projections, workspaceId: ws } = bench;
  const userId = 'zebra@example.com';
  await fill(userId);
  expect((await traces(SECRET)).length).toBeGreaterThan(15);
  const subjects = ['memory', 'chunk', 'entity', 'fact'] as const;
  const claim = { subjects, limit: 100, leaseMs: 60_000 };
  await projections.complete(await projections.claim(claim));

  const receipt = await memories.eraseUser(ws, { userId, actor: 'dpo' });
  expect(receipt).toMatchObject({
    erased: {
      memories: 4,
      derived: 2,
      historyEntries: 5,
      memoryVectors: 4,
      documents: 1,
      chunks: 1,
      chunkVectors: 1,
      ingestions: 1,
      crawls: 1,
      entities: 2,
      graphFacts: 2,
      workingValues: 1,
    },
    held: 1,
    remaining: 0,
    actor: 'dpo',
  });
  const left = await traces(SECRET);
  expect(left.filter((row) => !row.includes('evidence') && !row.includes('memories '))).toEqual([]);
  expect(left).toHaveLength(2);
  expect(await memories.usage(ws)).toMatchObject({ active: 2 });

  // 4 memories, 1 piece, 2 facts, 2 entities, and the summary of one that stays.
  expect(receipt.pendingProjections).toBe(10);
  const claims = await projections.claim(claim);
  expect(claims.filter(({ op }) => op === 'delete')).toHaveLength(9);
  await projections.complete(claims);
  expect(await memories.erasure(ws, receipt.id)).toEqual({ ...receipt, pendingProjections: 0 });
  await expect(memories.erasure('ws_x', receipt.id)).rejects.toMatchObject({
    code: 'erasure.not_found',
  });

  const [held] = (await memories.list(ws, { userId }, { limit: 9 })).items;
  await memories.mark(ws, held?.id ?? '', { legalHold: false, ...ANN });
  expect((await memories.eraseUser(ws, { userId, actor: 'dpo' })).erased.memories).toBe(1);
  expect(await traces(SECRET)).toEqual([]);
});

test('a summary that is written while its person is erased is erased or refused', async () => {
  const { memories, workspaceId: ws } = bench;
  for (let round = 0; round < 10; round += 1) {
    const userId = `racer ${round}`;
    const text = `racing ${round}`;
    const [made] = await memories.remember(ws, [memory(text, { userId })], ANN);
    const derivedFrom = [made?.memory.id ?? ''];
    const sum = memory(`sum of ${text}`, { userId: null, scope: 'workspace', derivedFrom });
    const [erased, written] = await Promise.allSettled([
      memories.eraseUser(ws, { userId, actor: 'dpo' }),
      memories.remember(ws, [sum], ANN),
    ]);
    expect(erased.status).toBe('fulfilled');
    if (written.status === 'rejected') {
      expect(written.reason).toMatchObject({ code: 'memory.invalid' });
    }
    expect(await traces(text)).toEqual([]);
  }
});
