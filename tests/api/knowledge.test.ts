import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { createFetchDocument } from '../../activities/tools/built-in/http/fetch-document.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { AppError } from '../../contracts/app-error.ts';
import { ingestOnePiece } from './ingest-one-piece.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;
let client: Client;
let author: Client;
let stranger: Client;
const started: string[] = [];
const cancelled: string[] = [];
let refuse: AppError | null = null;
const guarded = createFetchDocument({ allowHosts: [] });

beforeAll(async () => {
  api = await startTestApi({
    ingestions: {
      start: async ({ documentId }) => {
        if (refuse !== null) throw refuse;
        started.push(documentId);
        return 'open';
      },
      cancel: async (ingestionId) => {
        cancelled.push(ingestionId);
      },
    },
    fetchDocument: async (url, signal) => {
      if (new URL(url).port !== '') return guarded(url, signal);
      return { url, mediaType: 'text/html', bytes: Buffer.from(`page at ${url}`) };
    },
  });
  const as = (apiKey: string): Client => createClient({ baseUrl: api.url, apiKey, maxRetries: 0 });
  client = as(api.own.keys.runner);
  author = as(api.own.keys.author);
  stranger = as(api.foreign.keys.admin);
});
afterAll(() => api.stop());

let names = 0;

async function base(): Promise<string> {
  return (await author.knowledge.createBase({ name: `base ${(names += 1)}` })).id;
}

const ingest = (documentId: string, text: string) => ingestOnePiece(api, documentId, text);

describe('a knowledge base', () => {
  test('is made, read, changed, listed and deleted', async () => {
    const made = await author.knowledge.createBase({ name: 'handbook', description: 'rules' });
    expect(made).toMatchObject({ name: 'handbook', description: 'rules', documents: 0 });
    const changed = await author.knowledge.updateBase(made.id, { description: 'all rules' });
    expect(changed).toMatchObject({ name: 'handbook', description: 'all rules' });
    expect(await client.knowledge.getBase(made.id)).toEqual(changed);
    const all = [];
    for await (const { id } of client.knowledge.listBases({ limit: 1 })) all.push(id);
    expect(all).toContain(made.id);
    const second = await base();
    for (const taken of [
      author.knowledge.createBase({ name: 'handbook' }),
      author.knowledge.updateBase(second, { name: 'handbook' }),
    ]) {
      await expect(taken).rejects.toMatchObject({ code: 'knowledge.name_taken', status: 409 });
    }
    await client.knowledge.addDocument(made.id, { name: 'a', text: 'x' });
    await author.knowledge.deleteBase(made.id);
    await expect(client.knowledge.getBase(made.id)).rejects.toMatchObject({
      code: 'knowledge.base_not_found',
      status: 404,
    });
  });
});

test('no knowledge base is named like an id', async () => {
  const name = newId('knowledgeBase');
  const id = await base();
  for (const ask of [
    () => author.knowledge.createBase({ name }),
    () => author.knowledge.updateBase(id, { name: ` ${name}` }),
  ]) {
    await expect(ask()).rejects.toMatchObject({ code: 'request.invalid', status: 400 });
  }
});

describe('a document', () => {
  test('comes as text, as base64, from its address and as bytes', async () => {
    const to = await base();
    const bytes = new TextEncoder().encode('# Title');
    const added = [
      await client.knowledge.addDocument(to, { name: 'a.txt', text: 'grüße', title: 'Greetings' }),
      await client.knowledge.addDocument(to, {
        name: 'b.pdf',
        base64: Buffer.from('%PDF').toString('base64'),
        mediaType: 'application/pdf',
      }),
      await client.knowledge.addDocument(to, { url: 'https://example.org/page' }),
      await client.knowledge.upload(to, { name: 'd ä.md', mediaType: 'text/markdown', bytes }),
    ];
    expect(added.map(({ document }) => document)).toMatchObject([
      { source: 'a.txt', title: 'Greetings', mediaType: 'text/plain; charset=utf-8', sizeBytes: 7 },
      { source: 'b.pdf', title: 'b.pdf', mediaType: 'application/pdf', sizeBytes: 4 },
      { source: 'https://example.org/page', mediaType: 'text/html' },
      { source: 'd ä.md', title: 'd ä.md', mediaType: 'text/markdown', state: 'pending' },
    ]);
    expect(added.every(({ ingestion }) => ingestion?.state === 'running')).toBe(true);
    expect(started.slice(-4)).toEqual(added.map(({ document }) => document.id));
    const id = added[3]?.document.id ?? '';
    expect(Buffer.from(await client.knowledge.readDocument(id)).toString()).toBe('# Title');
    const { headers } = await api.call('GET', `/v1/documents/${id}/content`);
    expect(headers.get('content-disposition')).toMatch(/^attachment/);
    const listed = [];
    for await (const document of client.knowledge.listDocuments(to, { limit: 3 })) {
      listed.push(document.id);
    }
    expect(listed).toEqual(added.map(({ document }) => document.id));
    expect((await client.knowledge.listDocuments(to, { state: 'ready' }).page()).items).toEqual([]);
  });

  test('that is the same is not ingested again, another one under its name is', async () => {
    const to = await base();
    const first = await client.knowledge.addDocument(to, { name: 'a', text: 'one' });
    const { id } = first.document;
    const second = await client.knowledge.addDocument(to, { name: 'a', text: 'two' });
    expect(second).toMatchObject({ kind: 'changed', ingestion: { state: 'running', revision: 2 } });
    const older = await client.knowledge.ingestion(first.ingestion?.id ?? '');
    expect(older.state).toBe('cancelled');
    expect(cancelled).toContain(older.id);
    await expect(client.knowledge.ingest(id)).rejects.toMatchObject({
      code: 'knowledge.conflict',
      status: 409,
    });
    await ingest(id, 'two');
    const same = await client.knowledge.addDocument(to, { name: 'a', text: 'two' });
    expect([same.kind, same.ingestion]).toEqual(['unchanged', null]);
    const next = await client.knowledge.addDocument(to, { name: 'a', text: 'three' });
    expect(next).toMatchObject({ kind: 'changed', document: { id, revision: 3 } });
  });

  test('tells how far its ingestion is, and can be ingested once more', async () => {
    const to = await base();
    const { document, ingestion } = await client.knowledge.addDocument(to, {
      name: 'a',
      text: 'x',
    });
    const { id } = document;
    await ingest(id, 'what it says');
    expect(await client.knowledge.ingestion(ingestion?.id ?? '')).toMatchObject({
      state: 'succeeded',
      steps: [{ step: 'chunk', state: 'succeeded', done: 1, total: 1 }],
    });
    expect(await client.knowledge.getDocument(id)).toMatchObject({ state: 'ready', chunks: 1 });
    const { items } = await client.knowledge.chunks(id).page();
    expect(items).toMatchObject([{ text: 'what it says', page: 2, headings: ['Top'] }]);
    const again = await client.knowledge.ingest(id);
    await client.knowledge.cancelIngestion(again.id);
    expect(cancelled).toContain(again.id);
    const all = [];
    for await (const one of client.knowledge.ingestions(id, { limit: 1 })) all.push(one.id);
    expect(all).toEqual([again.id, ingestion?.id]);
    await client.knowledge.deleteDocument(id);
    for (const [code, ask] of [
      ['knowledge.document_not_found', () => client.knowledge.getDocument(id)],
      ['knowledge.document_not_found', () => client.knowledge.ingest(id)],
      ['knowledge.ingestion_not_found', () => client.knowledge.ingestion(again.id)],
    ] as const) {
      await expect(ask()).rejects.toMatchObject({ code, status: 404 });
    }
  });

  test('whose ingestion cannot be started now is accepted: its sweeper starts it later', async () => {
    const to = await base();
    refuse = new AppError('service.unavailable', 'Temporal is away');
    const added = await client.knowledge.addDocument(to, { name: 'a', text: 'x' });
    refuse = null;
    expect(added).toMatchObject({ kind: 'created', ingestion: { state: 'running' } });
    const quiet = await api.deps.knowledge.quietIngestions({ quietMs: 0, limit: 100 });
    expect(quiet.map(({ ingestionId }) => ingestionId)).toContain(added.ingestion?.id);
  });

  test('has a size, and a media type', async () => {
    const path = `/v1/knowledge-bases/${await base()}/documents?name=big`;
    const put = (size: number) =>
      api.call('PUT', path, {
        raw: new Uint8Array(size),
        headers: { 'content-type': 'application/octet-stream' },
      });
    expect((await put(LIMITS.documentBytes)).status).toBe(201);
    const over = await put(LIMITS.documentBytes + 1);
    expect([over.status, over.body.code]).toEqual([413, 'request.too_large']);
    const headers = { 'content-type': 'nonsense' };
    expect((await api.call('PUT', path, { raw: 'x', headers })).body.code).toBe('request.invalid');
  });

  test.each([
    [{ name: 'a' }],
    [{ name: 'a', text: 'x', url: 'https://a.org' }],
    [{ name: 'a', base64: '!!' }],
    [{ name: ' ', text: 'x' }],
    [{ name: 'a', text: 'x', mediaType: 'nonsense\n' }],
    [{ url: 'file:///etc/passwd' }],
  ])('is refused as %j', async (body) => {
    const path = `/v1/knowledge-bases/${await base()}/documents`;
    const answer = await api.call('POST', path, { body });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
  });

  test('is not read from an address that may not be asked', async () => {
    const asked = client.knowledge.addDocument(await base(), { url: 'http://a.example:22/' });
    await expect(asked).rejects.toMatchObject({
      code: 'knowledge.source_refused',
      status: 422,
      message: expect.stringContaining('port 22'),
    });
  });
});

describe('a search', () => {
  test('finds pieces with where they stand, in the bases that are named', async () => {
    const [one, two] = [await base(), await base()];
    const { document } = await client.knowledge.addDocument(one, { name: 'a', text: 'x' });
    await ingest(document.id, 'bees make honey');
    const { hits } = await client.knowledge.searchBase(one, { query: 'honey', explain: true });
    expect(hits).toMatchObject([
      {
        chunk: { text: 'bees make honey' },
        citation: { documentId: document.id, page: 2, start: 0, end: 15, source: 'a' },
      },
    ]);
    const both = { query: 'honey', knowledgeBaseIds: [one, two] };
    expect((await client.knowledge.search(both)).hits).toHaveLength(1);
    expect((await client.knowledge.searchBase(two, { query: 'honey' })).hits).toEqual([]);
    const id = newId('knowledgeBase');
    await expect(client.knowledge.searchBase(id, { query: 'honey' })).rejects.toMatchObject({
      code: 'knowledge.base_not_found',
    });
  });

  test('of a base cannot be turned to another base', async () => {
    const [one, two] = [await base(), await base()];
    const path = `/v1/knowledge-bases/${one}/search`;
    const body = { query: 'honey', knowledgeBaseIds: [two] };
    expect((await api.call('POST', path, { body })).status).toBe(400);
  });
});

test('another workspace knows nothing of bases and documents', async () => {
  const to = await base();
  const { document, ingestion } = await client.knowledge.addDocument(to, { name: 'a', text: 'x' });
  const { id } = document;
  for (const ask of [
    () => stranger.knowledge.getBase(to),
    () => stranger.knowledge.updateBase(to, { name: 'x' }),
    () => stranger.knowledge.deleteBase(to),
    () => stranger.knowledge.addDocument(to, { name: 'b', text: 'x' }),
    () => stranger.knowledge.listDocuments(to).page(),
    () => stranger.knowledge.searchBase(to, { query: 'x' }),
    () => stranger.knowledge.getDocument(id),
    () => stranger.knowledge.readDocument(id),
    () => stranger.knowledge.chunks(id).page(),
    () => stranger.knowledge.ingest(id),
    () => stranger.knowledge.ingestions(id).page(),
    () => stranger.knowledge.deleteDocument(id),
    () => stranger.knowledge.ingestion(ingestion?.id ?? ''),
    () => stranger.knowledge.cancelIngestion(ingestion?.id ?? ''),
  ]) {
    await expect(ask()).rejects.toMatchObject({ status: 404 });
  }
  expect((await stranger.knowledge.listBases().page()).items).toEqual([]);
});
