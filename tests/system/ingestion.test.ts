import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { connectClient, type TemporalClient } from '../../temporal/connection.ts';
import { createIngestionControl } from '../../temporal/ingestion-control.ts';
import { createKnowledgeStore, type KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { createProjectionStore } from '../../db/stores/projection-store.ts';
import { createWorkspaceStore } from '../../db/stores/workspace-store.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { stepsTold, wholeStory } from '../harness/ingestion-events.ts';
import { guide, range } from '../fakes/guide-text.ts';
import { makePdf } from '../../adapters/documents/pdf.fixture.ts';
import { recordHistory } from '../harness/record-history.ts';
import { startIngestionProcess } from '../fakes/ingestion-process.ts';
import { startIngestionWorker, type IngestionWorkerOrder } from '../fakes/ingestion-worker.ts';
import { createLogger } from '../../runtime/logger.ts';
import { sweepIngestions } from '../../runtime/ingestion-sweeper.ts';
import { until } from '../harness/until.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import type { Ingestion, KnowledgeDocument } from '../../contracts/knowledge.ts';
import type { IngestionControl, IngestionRef } from '../../contracts/ingestion-control.ts';

const REF = { id: 'counted', revision: '1', dim: 4 };

let schema: TestSchema;
let temporal: TemporalClient;
let control: IngestionControl;
let knowledge: KnowledgeStore;
let order: IngestionWorkerOrder;
let workspaceId: string;
let base: string;

/** Texts that were embedded, in calls; calls wait while the list is held. */
let calls: (readonly string[])[] = [];
let held: ServerResponse[] | null = null;
let server: Server;

beforeAll(async () => {
  schema = await freshSchema();
  knowledge = createKnowledgeStore(schema.database);
  workspaceId = (await createWorkspaceStore(schema.database).create({ name: 'w' })).id;
  base = (await knowledge.createBase(workspaceId, { name: 'b', description: '' })).id;
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      calls.push(JSON.parse(Buffer.concat(parts).toString()) as readonly string[]);
      // The first call is answered, so that something is kept when the next one waits.
      if (held === null || calls.length < 2) response.end();
      else held.push(response);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = process.env['HOLDFAST_TEST_TEMPORAL_ADDRESS'] ?? '';
  const namespace = process.env['HOLDFAST_TEST_TEMPORAL_NAMESPACE'] ?? 'default';
  temporal = await connectClient({ address, namespace });
  const port = (server.address() as { readonly port: number }).port;
  order = {
    ...{ address, namespace, connectionString: schema.connectionString },
    taskQueue: `ingestion-${process.pid}-${Date.now()}`,
    bundlePath: await workflowBundle(join(tmpdir(), 'holdfast-test-cache')),
    embedUrl: `http://127.0.0.1:${port}/`,
  };
  control = createIngestionControl(temporal.client, order);
}, 120_000);

afterEach(() => {
  release();
  calls = [];
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await temporal.close();
  await schema.drop();
});

function release(): void {
  for (const response of held ?? []) response.end();
  held = null;
}

async function put(source: string, content: string | Buffer, mediaType = 'text/markdown') {
  const document = { knowledgeBaseId: base, source, title: source, mediaType };
  const bytes = Buffer.from(content);
  return (await knowledge.putDocument(workspaceId, { ...document, content: bytes })).document;
}

async function begin(document: KnowledgeDocument): Promise<IngestionRef> {
  const { id } = await knowledge.startIngestion(workspaceId, document.id);
  const ref = { workspaceId, documentId: document.id, ingestionId: id };
  await control.start(ref);
  return ref;
}

async function ended({ ingestionId }: IngestionRef): Promise<Ingestion> {
  return until('the end of the ingestion', async () => {
    const ingestion = await knowledge.ingestion(workspaceId, ingestionId);
    return ingestion.state === 'running' ? null : ingestion;
  });
}

async function chunksOf({ documentId }: IngestionRef) {
  const { items } = await knowledge.listChunks(workspaceId, documentId, { limit: 200 });
  return items;
}

async function missing({ documentId }: IngestionRef): Promise<number> {
  const scan = { embedder: REF, documentId, limit: 1_000 };
  return (await knowledge.missingVectors(workspaceId, scan)).length;
}

const document = (ref: IngestionRef) => knowledge.getDocument(workspaceId, ref.documentId);

describe('an ingestion', () => {
  let worker: AsyncDisposable;

  beforeAll(async () => {
    worker = await startIngestionWorker(order);
  }, 120_000);

  afterAll(async () => {
    await worker[Symbol.asyncDispose]();
  });

  test('takes a document from bytes to pieces with vectors, and tells how far it is', async () => {
    const lines = range(30).map((n) => ({ text: `Line ${n} of the page says something.` }));
    const ref = await begin(await put('a.pdf', makePdf([lines, lines]), 'application/pdf'));
    expect(await ended(ref)).toMatchObject({ state: 'succeeded', error: null });
    const { steps } = await knowledge.ingestion(workspaceId, ref.ingestionId);
    const chunks = await chunksOf(ref);
    const total = chunks.length;
    expect(chunks.map(({ page }) => page)).toContain(2);
    expect(steps.slice(0, 3)).toEqual([
      { step: 'parse', state: 'succeeded', done: 1, total: 1 },
      { step: 'chunk', state: 'succeeded', done: total, total },
      { step: 'embed', state: 'succeeded', done: total, total },
    ]);
    expect(steps[3]).toMatchObject({ step: 'index', state: 'succeeded', total });
    expect(await document(ref)).toMatchObject({ state: 'ready', chunks: total });
    expect(await missing(ref)).toBe(0);
    const told = stepsTold(await wholeStory(knowledge, ref), 'parse');
    expect(told.map(({ done }) => done)).toEqual([0, 1]);
  });

  test('is started by the sweeper where its start was lost, and ended where nobody will', async () => {
    const stored = await put('lost.md', guide(range(2)));
    const { id } = await knowledge.startIngestion(workspaceId, stored.id);
    const ref = { workspaceId, documentId: stored.id, ingestionId: id };
    const log = createLogger('silent', 'test');
    const sweep = () => sweepIngestions({ knowledge, control, log, quietMs: 0 });
    await expect(sweep()).resolves.toBeGreaterThan(0);
    expect(await ended(ref)).toMatchObject({ state: 'succeeded' });

    held = [];
    const next = await begin(await put('closed.md', guide(range(80))));
    await until('the second batch', () => (held?.length ?? 0) > 0);
    await temporal.client.workflow.getHandle(next.ingestionId).terminate('by an operator');
    await sweep();
    expect(await ended(next)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('workflow was closed'),
    });
  });

  test('waits for indexes to learn of its pieces', async () => {
    const projections = createProjectionStore(schema.database);
    const ref = await begin(await put('indexed.md', guide(range(3))));
    const limit = 1_000;
    const apply = async (): Promise<void> => {
      const claims = await projections.claim({ subjects: ['chunk'], limit, leaseMs: 10_000 });
      await projections.complete(claims);
    };
    const timer = setInterval(() => void apply(), 50);
    const { steps } = await ended(ref);
    clearInterval(timer);
    expect(steps[3]).toEqual({ step: 'index', state: 'succeeded', done: 3, total: 3 });
  });

  test('embeds again only what has changed', async () => {
    await ended(await begin(await put('changing.md', guide(range(20)))));
    calls = [];
    const ref = await begin(await put('changing.md', guide([99, ...range(20).slice(1)])));
    await ended(ref);
    expect(calls.flat()).toHaveLength(1);
    expect(calls.flat()[0]).toContain('Section 99');
    expect(await chunksOf(ref)).toHaveLength(20);
  });

  test('that cannot be read fails with its reason, and the next contents succeed', async () => {
    const ref = await begin(await put('b.pdf', 'no PDF at all', 'application/pdf'));
    expect(await ended(ref)).toMatchObject({
      state: 'failed',
      error: 'knowledge.unreadable: the document is not a PDF',
    });
    expect(await document(ref)).toMatchObject({ state: 'failed' });
    expect((await wholeStory(knowledge, ref)).at(-1)?.data).toEqual({ error: expect.any(String) });
    const next = await begin(await put('b.pdf', makePdf([[{ text: 'Now' }]]), 'application/pdf'));
    expect((await ended(next)).state).toBe('succeeded');
  });

  test('ends quietly when its document is deleted', async () => {
    held = [];
    const ref = await begin(await put('deleted.md', guide(range(150))));
    await until('the second batch', () => held?.length === 1);
    await knowledge.deleteDocument(workspaceId, ref.documentId);
    release();
    await temporal.client.workflow.getHandle(ref.ingestionId).result();
    await expect(document(ref)).rejects.toMatchObject({ code: 'knowledge.document_not_found' });
  });

  test('goes on with contents that came meanwhile', async () => {
    held = [];
    const ref = await begin(await put('renewed.md', guide(range(150))));
    await until('the second batch', () => held?.length === 1);
    const renewed = await put('renewed.md', guide([7, 8]));
    await expect(begin(renewed)).rejects.toMatchObject({ code: 'knowledge.conflict' });
    release();
    await temporal.client.workflow.getHandle(ref.ingestionId).result();
    expect(await document(ref)).toMatchObject({ state: 'ready', revision: 2, chunks: 2 });
    expect(await missing(ref)).toBe(0);
    const last = await knowledge.lastIngestion(workspaceId, ref.documentId);
    expect(last).toMatchObject({ state: 'succeeded', revision: 2 });
  });

  test('can be cancelled, and is then begun anew', async () => {
    held = [];
    const bytes = guide(range(150));
    const ref = await begin(await put('cancelled.md', bytes));
    await until('the second batch', () => held?.length === 1);
    await control.cancel(ref.ingestionId);
    expect((await ended(ref)).state).toBe('cancelled');
    await wholeStory(knowledge, ref);
    expect(await document(ref)).toMatchObject({ state: 'failed' });
    release();
    const again = await begin(await put('cancelled.md', bytes));
    expect((await ended(again)).state).toBe('succeeded');
    expect(await missing(again)).toBe(0);
  });

  test('is started once, however often that is asked', async () => {
    const ref = await begin(await put('twice.md', guide([1])));
    expect(await control.start(ref)).toMatch(/open|closed/);
    await ended(ref);
    await temporal.client.workflow.getHandle(ref.ingestionId).result();
    expect(await control.start(ref)).toBe('closed');
    await control.cancel(ref.ingestionId);
  });

  test('replays from its history', async () => {
    const refs = [
      { name: 'ingestion', ...(await begin(await put('replayed.md', guide(range(3))))) },
      {
        name: 'ingestion-failed',
        ...(await begin(await put('broken.pdf', 'broken', 'application/pdf'))),
      },
    ];
    const histories = [];
    for (const { name, ingestionId } of refs) {
      const handle = temporal.client.workflow.getHandle(ingestionId);
      await handle.result();
      const history = await handle.fetchHistory();
      histories.push({ workflowId: ingestionId, history });
      await recordHistory(name, history);
    }
    const workflowBundle = { codePath: order.bundlePath };
    for await (const { error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
      expect(error).toBeUndefined();
    }
  });
});

test('a worker killed with -9 in the middle loses nothing, and nothing is done twice', async () => {
  held = [];
  const first = await startIngestionProcess(order);
  const ref = await begin(await put('killed.md', guide(range(150))));
  await until('the second batch', () => held?.length === 1);
  await first.kill();
  const unfinished = calls.at(-1)?.length ?? 0;
  release();
  const second = await startIngestionProcess(order);
  expect((await ended(ref)).state).toBe('succeeded');
  await second.kill();
  expect(await chunksOf(ref)).toHaveLength(150);
  expect(await missing(ref)).toBe(0);
  // Only the batch that was under way is asked for again.
  expect(calls.flat()).toHaveLength(150 + unfinished);
  expect(new Set(calls.flat()).size).toBe(150);
  const { steps } = await knowledge.ingestion(workspaceId, ref.ingestionId);
  expect(steps.map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'succeeded'));
  const embedded = stepsTold(await wholeStory(knowledge, ref), 'embed').map(({ done }) => done);
  expect(embedded).toEqual([64, 86, 150]);
}, 120_000);
