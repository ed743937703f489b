import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANN, DAY, memory, openMemoryBench, type MemoryBench } from './memory-bench.ts';
import type { ClaimedProjection } from '../../contracts/projection.ts';
import { earlierWritersEnd } from '../harness/earlier-writers.ts';
import type { ProjectionStore } from '../../db/stores/projection-store.ts';

let bench: MemoryBench;
let projections: ProjectionStore;
let ws: string;

beforeAll(async () => {
  bench = await openMemoryBench();
  projections = bench.projections;
  ws = bench.workspaceId;
});

afterAll(() => bench.schema.drop());

const EMBEDDER = { id: 'test', revision: '1', dim: 2 };
const CLAIM = { subjects: ['memory'], limit: 7, leaseMs: 60_000 } as const;

async function write(...texts: string[]): Promise<readonly string[]> {
  const made = await bench.memories.remember(
    ws,
    texts.map((text) => memory(text)),
    ANN,
  );
  return made.map((answer) => answer.memory.id);
}

async function drain(): Promise<readonly ClaimedProjection[]> {
  const all: ClaimedProjection[] = [];
  for (;;) {
    const claims = await projections.claim(CLAIM);
    if (claims.length === 0) return all;
    all.push(...claims);
    await projections.complete(claims);
  }
}

describe('changes', () => {
  test('are claimed by eight workers, each by one of them', async () => {
    const ids = await write(...Array.from({ length: 200 }, (_, i) => `m ${i}`));
    expect(await projections.claim({ ...CLAIM, subjects: ['chunk'] })).toEqual([]);
    const done = (await Promise.all(Array.from({ length: 8 }, drain))).flat();
    expect(done.map(({ subjectId }) => subjectId).sort()).toEqual([...ids].sort());
    expect(
      done.every(({ op, version, attempt }) => op === 'upsert' && version === 1 && attempt === 1),
    ).toBe(true);
    expect(await projections.pending(ws)).toBe(0);
  });

  test('of a thing that is being applied wait until that is done', async () => {
    const [id = ''] = await write('changes twice');
    const first = await projections.claim(CLAIM);
    expect(first).toMatchObject([{ subjectId: id, version: 1 }]);
    await bench.memories.edit(ws, id, { text: 'changed', ...ANN });
    expect(await projections.claim(CLAIM)).toEqual([]);
    await projections.complete(first);
    const second = await projections.claim(CLAIM);
    expect(second).toMatchObject([{ subjectId: id, version: 2, op: 'upsert' }]);
    await projections.complete(first);
    expect(await projections.pending(ws)).toBe(1);
    await projections.complete(second);
    await bench.memories.delete(ws, [id], ANN);
    expect(await drain()).toMatchObject([{ subjectId: id, version: 3, op: 'delete' }]);
  });

  test('that failed or whose worker was lost are claimed again', async () => {
    await write('fails');
    const claims = await projections.claim(CLAIM);
    await projections.fail({ claims, error: 'index is down', retryMs: 0 });
    const [again] = await projections.claim({ ...CLAIM, leaseMs: -1 });
    expect(again?.attempt).toBe(2);
    const [third] = await projections.claim(CLAIM);
    expect(third?.attempt).toBe(3);
    if (again !== undefined) await projections.complete([again]);
    expect(await projections.pending(ws)).toBe(1);
    if (third !== undefined) await projections.complete([third]);
    expect(await projections.pending(ws)).toBe(0);
  });

  test('come with every kind of change, uses included', async () => {
    const [id = ''] = await write('lives');
    bench.wait(DAY);
    await bench.memories.touch(ws, [id]);
    await bench.memories.archive(ws, { ids: [id], author: ANN });
    expect(await drain()).toMatchObject([{ subjectId: id, version: 3, op: 'delete' }]);
    await bench.memories.restore(ws, [id], ANN);
    expect(await drain()).toMatchObject([{ version: 4, op: 'upsert' }]);
  });

  test('are forgotten some time after they were applied', async () => {
    await write('open');
    expect(await projections.prune({ olderThanMs: DAY, limit: 10 })).toBe(0);
    expect(await projections.prune({ olderThanMs: 0, limit: 1_000 })).toBeGreaterThan(200);
    expect(await projections.pending(ws)).toBe(1);
    await drain();
  });
});

describe('a follower', () => {
  test('sees all that commits, in whatever order it began', async () => {
    const { pool } = bench.schema.database;
    const feed = { subjects: ['memory'], limit: 2 } as const;
    await earlierWritersEnd(bench.schema.database);
    let { cursor } = await projections.changes(feed);
    const slow = await pool.connect();
    await slow.query('begin');
    await slow.query('select pg_current_xact_id()');
    await slow.query(
      `insert into projection_outbox (workspace_id, subject, subject_id, op, version)
       values ($1, 'memory', 'mem_slow', 'upsert', 1)`,
      [ws],
    );
    const ids = await write('quick one', 'quick two', 'quick three');
    const early = await projections.changes({ ...feed, cursor });
    expect(early).toEqual({ items: [], cursor, more: false });
    await slow.query('commit');
    slow.release();
    await earlierWritersEnd(bench.schema.database);
    const seen: string[] = [];
    for (let more = true; more;) {
      const page = await projections.changes({ ...feed, cursor });
      seen.push(...page.items.map(({ subjectId }) => subjectId));
      ({ cursor, more } = page);
    }
    expect(seen.toSorted()).toEqual(['mem_slow', ...ids].toSorted());
    expect((await projections.changes({ ...feed, cursor })).items).toEqual([]);
    for (const bad of ['', 'x', '1', '1.2.3', '1.-2']) {
      await expect(projections.changes({ ...feed, cursor: bad })).rejects.toMatchObject({
        code: 'list.bad_cursor',
      });
    }
  });
});

test('new vectors are told to projections, even while what they are of is being applied', async () => {
  await drain();
  const [id = ''] = await write('gets a vector');
  const before = await projections.claim(CLAIM);
  const missing = await bench.memories.missingVectors(ws, { embedder: EMBEDDER, limit: 1_000 });
  const text = missing.find((item) => item.id === id);
  await bench.memories.putVectors(ws, EMBEDDER, [
    { id, hash: text?.hash ?? '', vector: Float32Array.of(1, 0) },
  ]);
  await projections.complete(before);
  expect(await projections.claim(CLAIM)).toMatchObject([{ subjectId: id, version: 1 }]);
});
