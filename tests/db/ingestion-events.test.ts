import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createKnowledgeStore, type KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { openMemoryBench, type MemoryBench } from './memory-bench.ts';
import { createEventListener } from '../../db/listener.ts';
import { createTenant } from './fixtures.ts';
import type { IngestionProgress } from '../../contracts/knowledge.ts';
import { stepsTold, wholeStory } from '../harness/ingestion-events.ts';
import { until } from '../harness/until.ts';

let bench: MemoryBench;
let knowledge: KnowledgeStore;
let ws: string;
let baseId: string;

beforeAll(async () => {
  bench = await openMemoryBench();
  knowledge = createKnowledgeStore(bench.schema.database);
  ws = bench.workspaceId;
  baseId = (await knowledge.createBase(ws, { name: 'manuals', description: '' })).id;
});

afterAll(() => bench.schema.drop());

const ALL = { afterSeq: 0, limit: 1_000 };
const PARSED = { step: 'parse', state: 'succeeded', done: 1, total: 1 } as const;

let names = 0;

async function begin(): Promise<{ readonly id: string; readonly documentId: string }> {
  names += 1;
  const { document } = await knowledge.putDocument(ws, {
    ...{ knowledgeBaseId: baseId, source: `${names}.txt`, title: 't', mediaType: 'text/plain' },
    content: new Uint8Array(1),
  });
  const { id, lastEventSeq } = await knowledge.startIngestion(ws, document.id);
  expect(lastEventSeq).toBe(1);
  return { id, documentId: document.id };
}

const embedded = (done: number): IngestionProgress => ({
  step: 'embed',
  state: 'running',
  done,
  total: 900,
});

test('events tell of each change once, and of nothing that is written again', async () => {
  const { id, documentId } = await begin();
  const writes = [PARSED, PARSED, embedded(64), embedded(0), embedded(64), embedded(128), PARSED];
  for (const progress of writes) await knowledge.ingestionStep(ws, id, progress);
  expect(await knowledge.ingestionEvents(ws, id, ALL)).toMatchObject({ end: null });
  const error = 'embedder.failed: no answer\u0000';
  await knowledge.endIngestion(ws, id, { state: 'failed', error });
  await knowledge.endIngestion(ws, id, { state: 'succeeded' });
  await knowledge.ingestionStep(ws, id, embedded(192));
  const { items, end } = await knowledge.ingestionEvents(ws, id, ALL);
  expect(items.map(({ seq, type, data }) => [seq, type, data])).toEqual([
    [1, 'ingestion.started', { documentId, revision: 1 }],
    [2, 'ingestion.step', PARSED],
    [3, 'ingestion.step', embedded(64)],
    [4, 'ingestion.step', embedded(128)],
    [5, 'ingestion.failed', { error: 'embedder.failed: no answer\uFFFD' }],
  ]);
  expect(end).toBe('failed');
  expect((await knowledge.ingestion(ws, id)).lastEventSeq).toBe(5);
  expect(items.map(({ at }) => at)).toEqual(items.map(({ at }) => at).toSorted());
});

test('pages lead through the events, and the last one tells the end', async () => {
  const { id } = await begin();
  await knowledge.ingestionStep(ws, id, PARSED);
  await knowledge.endIngestion(ws, id, { state: 'cancelled' });
  const page = async (afterSeq: number, limit: number) => {
    const { items, end } = await knowledge.ingestionEvents(ws, id, { afterSeq, limit });
    return [items.map(({ seq }) => seq), end];
  };
  expect(await page(0, 2)).toEqual([[1, 2], null]);
  expect(await page(2, 1)).toEqual([[3], 'cancelled']);
  expect(await page(3, 1)).toEqual([[], 'cancelled']);
});

test('writers at the same time number their events without gaps, and one end is the last', async () => {
  for (let round = 0; round < 5; round += 1) {
    const { id } = await begin();
    const steps = Array.from({ length: 60 }, (_, n) => embedded((n * 37) % 60));
    const ends = ['succeeded', 'cancelled', 'succeeded'] as const;
    await Promise.all([
      ...steps.slice(0, 40).map((progress) => knowledge.ingestionStep(ws, id, progress)),
      ...ends.map((state) => knowledge.endIngestion(ws, id, { state })),
      ...steps.slice(40).map((progress) => knowledge.ingestionStep(ws, id, progress)),
    ]);
    const items = await wholeStory(knowledge, { workspaceId: ws, ingestionId: id });
    // Only more of them done is news here.
    const done = stepsTold(items, 'embed').map((told) => told.done);
    expect(done).toEqual([...new Set(done)].toSorted((a, b) => a - b));
  }
});

test('a change whose event cannot be written is not made', async () => {
  const { id } = await begin();
  const { pool } = bench.schema.database;
  await pool.query(
    `alter table ingestion_events add constraint refused check (ingestion_id <> '${id}') not valid`,
  );
  await expect(knowledge.ingestionStep(ws, id, PARSED)).rejects.toThrow(/refused/);
  await expect(knowledge.endIngestion(ws, id, { state: 'succeeded' })).rejects.toThrow(/refused/);
  await pool.query('alter table ingestion_events drop constraint refused');
  expect(await knowledge.ingestion(ws, id)).toMatchObject({
    state: 'running',
    steps: [],
    lastEventSeq: 1,
  });
  await knowledge.ingestionStep(ws, id, PARSED);
  const { items } = await knowledge.ingestionEvents(ws, id, ALL);
  expect(items.map(({ seq }) => seq)).toEqual([1, 2]);
});

test('those who follow are woken by each event, and told of the end', async () => {
  const { id } = await begin();
  const other = await begin();
  await using listener = createEventListener(bench.schema.connectionString);
  const woken: boolean[] = [];
  const stop = listener.subscribe(id, (mayHaveEnded) => woken.push(mayHaveEnded));
  await until('the connection to stand', () => woken.length > 0);
  woken.length = 0;
  await knowledge.ingestionStep(ws, other.id, PARSED);
  await knowledge.ingestionStep(ws, id, PARSED);
  await until('the step', () => woken.length > 0);
  await knowledge.ingestionStep(ws, id, PARSED);
  await knowledge.endIngestion(ws, id, { state: 'succeeded' });
  await until('the end', () => woken.length > 1);
  expect(woken).toEqual([false, true]);
  stop();
});

test('an ingestion from before there were events has none, and its end is told', async () => {
  const { id, documentId } = await begin();
  const { pool } = bench.schema.database;
  await pool.query('delete from ingestion_events where ingestion_id = $1', [id]);
  const end = `update ingestions set events = 0, state = 'succeeded', ended_at = now() where id = $1`;
  await pool.query(end, [id]);
  const none = { items: [], end: 'succeeded' };
  expect(await knowledge.ingestionEvents(ws, id, ALL)).toEqual(none);
  expect((await knowledge.startIngestion(ws, documentId)).lastEventSeq).toBe(1);
});

test('events are unknown to other workspaces, and go with the document', async () => {
  const { id, documentId } = await begin();
  const { workspaceId: there } = await createTenant(bench.stores);
  const unknown = { code: 'knowledge.ingestion_not_found' };
  await expect(knowledge.ingestionEvents(there, id, ALL)).rejects.toMatchObject(unknown);
  await expect(knowledge.ingestionStep(there, id, PARSED)).rejects.toMatchObject(unknown);
  expect((await knowledge.ingestionEvents(ws, id, ALL)).items).toHaveLength(1);
  await knowledge.deleteDocument(ws, documentId);
  await expect(knowledge.ingestionEvents(ws, id, ALL)).rejects.toMatchObject(unknown);
  const { rows } = await bench.schema.database.pool.query(
    'select 1 from ingestion_events where ingestion_id = $1',
    [id],
  );
  expect(rows).toEqual([]);
});
