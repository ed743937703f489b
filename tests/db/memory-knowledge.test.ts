import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createKnowledgeStore, type KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { openMemoryBench, PAGE, type MemoryBench } from './memory-bench.ts';
import type { ChunkDraft } from '../../contracts/knowledge.ts';
import { createTenant } from './fixtures.ts';

let bench: MemoryBench;
let knowledge: KnowledgeStore;
let ws: string;
let baseId: string;

beforeAll(async () => {
  bench = await openMemoryBench();
  knowledge = createKnowledgeStore(bench.schema.database);
  ws = bench.workspaceId;
  baseId = (await knowledge.createBase(ws, { name: 'manuals', description: 'd' })).id;
});

afterAll(() => bench.schema.drop());

const EMBEDDER = { id: 'e', revision: '1', dim: 2 };

const put = (source: string, text: string, userId?: string) =>
  knowledge.putDocument(ws, {
    knowledgeBaseId: baseId,
    source,
    title: source,
    mediaType: 'text/plain',
    content: new TextEncoder().encode(text),
    ...(userId === undefined ? {} : { userId }),
  });

/** One piece a word. */
function cut(text: string): readonly ChunkDraft[] {
  return [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
    text: word,
    page: 1,
    start: index,
    end: index + word.length,
    headings: ['top'],
  }));
}

async function ingest(source: string, text: string) {
  const { document } = await put(source, text);
  const { id: documentId, revision } = document;
  const changes = await knowledge.replaceChunks(ws, { documentId, revision, chunks: cut(text) });
  return { documentId, revision, changes };
}

describe('a document', () => {
  test('of a source is one, whoever adds it at once, and is new with other bytes', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => put('a.txt', 'one')));
    expect(answers.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === 'unchanged')).toHaveLength(5);
    const { kind, document } = await put('a.txt', 'two');
    expect(kind).toBe('changed');
    expect(document).toMatchObject({ revision: 2, state: 'pending', sizeBytes: 3 });
    expect((await knowledge.content(ws, document.id)).toString()).toBe('two');
    const { id } = document;
    expect(await knowledge.progress(ws, id, { state: 'parsing', revision: 1 })).toBe(false);
    const failed = { state: 'failed', revision: 2, error: 'no text in it' } as const;
    expect(await knowledge.progress(ws, id, failed)).toBe(true);
    expect(await knowledge.getDocument(ws, id)).toMatchObject({
      state: 'failed',
      error: 'no text in it',
    });
    expect(await put('a.txt', 'two')).toMatchObject({
      kind: 'changed',
      document: { state: 'pending', error: null },
    });
    const listed = await knowledge.listDocuments(
      ws,
      { knowledgeBaseId: baseId, state: 'pending' },
      PAGE,
    );
    expect(listed.items.map(({ source }) => source)).toContain('a.txt');
  });

  test('of a source is another one for each person and for nobody, and stays whose it is', async () => {
    const owners = ['ada', 'bob', undefined];
    const adding = [...owners, ...owners].map((owner) => put('notes.txt', 'same', owner));
    const kinds = (await Promise.all(adding)).map(({ kind }) => kind).sort();
    const thrice = (kind: string) => [kind, kind, kind];
    expect(kinds).toEqual([...thrice('created'), ...thrice('unchanged')]);
    const [ada, bob, shared] = await Promise.all(
      owners.map(async (owner) => (await put('notes.txt', 'same', owner)).document),
    );
    if (!ada || !bob || !shared) throw new Error('not added');
    expect([ada.userId, bob.userId, shared.userId]).toEqual(['ada', 'bob', null]);
    expect(await put('notes.txt', 'of bob', 'bob')).toMatchObject({
      kind: 'changed',
      document: { id: bob.id, userId: 'bob', revision: 2 },
    });
    expect(await put('notes.txt', 'of all')).toMatchObject({
      kind: 'changed',
      document: { id: shared.id, userId: null, revision: 2 },
    });
    expect(await knowledge.getDocument(ws, ada.id)).toEqual(ada);
    const texts = [ada, bob, shared].map(async ({ id }) => String(await knowledge.content(ws, id)));
    expect(await Promise.all(texts)).toEqual(['same', 'of bob', 'of all']);
  });

  test('that changes keeps the pieces, and vectors, whose text stays', async () => {
    const first = await ingest('b.txt', 'alpha beta gamma beta delta');
    expect(first.changes).toMatchObject({ kept: 0, moved: 0, removed: 0 });
    expect(first.changes.added).toHaveLength(5);
    const vectors = first.changes.added.map(({ id, hash }, index) => ({
      id,
      hash,
      vector: new Float32Array([index, 1]),
    }));
    expect(await knowledge.putVectors(ws, EMBEDDER, vectors)).toBe(5);

    const again = await ingest('b.txt', 'alpha beta gamma beta delta');
    expect(again.changes).toEqual({ kept: 5, moved: 0, added: [], removed: 0 });
    const { documentId, changes } = await ingest('b.txt', 'alpha new gamma beta beta');
    expect(changes).toMatchObject({ kept: 1, moved: 3, removed: 1 });
    expect(changes.added.map(({ text }) => text)).toEqual(['new']);
    const { items } = await knowledge.listChunks(ws, documentId, PAGE);
    expect(items.map(({ text }) => text)).toEqual(['alpha', 'new', 'gamma', 'beta', 'beta']);
    expect(items.map(({ start }) => start)).toEqual([0, 6, 10, 16, 21]);
    expect(await knowledge.getDocument(ws, documentId)).toMatchObject({ chunks: 5, revision: 2 });
    const ids = items.map(({ id }) => id);
    const scan = { embedder: EMBEDDER, limit: 100 };
    expect(await knowledge.vectors(ws, { ...scan, ids })).toHaveLength(4);
    const missing = await knowledge.missingVectors(ws, scan);
    expect(missing.map(({ text }) => text)).toEqual(['new']);
    expect(
      await knowledge.missingVectors(ws, { ...scan, embedder: { ...EMBEDDER, revision: '2' } }),
    ).toHaveLength(5);
    expect((await knowledge.chunks(ws, ids)).map(({ id }) => id)).toEqual(ids);
    expect(await knowledge.scanChunks(ws, { limit: 2 })).toHaveLength(2);
    await expect(
      knowledge.replaceChunks(ws, { documentId, revision: 1, chunks: [] }),
    ).rejects.toMatchObject({ code: 'knowledge.conflict' });
  });

  test('tells projections of the pieces that changed, and of all when it goes', async () => {
    const claim = { subjects: ['chunk'], limit: 500, leaseMs: 60_000 } as const;
    const drain = async () => {
      const claims = await bench.projections.claim(claim);
      await bench.projections.complete(claims);
      return claims.map(({ op }) => op).sort();
    };
    const { documentId } = await ingest('c.txt', 'one two three');
    await drain();
    await ingest('c.txt', 'zero one two');
    expect(await drain()).toEqual(['delete', 'upsert', 'upsert', 'upsert']);
    await knowledge.deleteDocument(ws, documentId);
    expect(await drain()).toEqual(['delete', 'delete', 'delete']);
    await expect(knowledge.deleteDocument(ws, documentId)).rejects.toMatchObject({
      code: 'knowledge.document_not_found',
    });
    expect((await knowledge.listChunks(ws, documentId, PAGE)).items).toEqual([]);
  });

  test('with too large a piece is refused', async () => {
    const { document } = await put('d.txt', 'd');
    const chunks = [{ text: 'x'.repeat(20_000), page: null, start: 0, end: 1, headings: [] }];
    await expect(
      knowledge.replaceChunks(ws, { documentId: document.id, revision: 1, chunks }),
    ).rejects.toMatchObject({ code: 'knowledge.too_large' });
  });
});

test('an ingestion tells how far it is, and a document has one at a time', async () => {
  const { document } = await put('e.txt', 'e');
  expect(await knowledge.lastIngestion(ws, document.id)).toBeNull();
  const { id } = await knowledge.startIngestion(ws, document.id);
  await expect(knowledge.startIngestion(ws, document.id)).rejects.toMatchObject({
    code: 'knowledge.conflict',
  });
  const embed = { step: 'embed', state: 'running', total: 9 } as const;
  for (const done of [3, 6, 5]) await knowledge.ingestionStep(ws, id, { ...embed, done });
  await knowledge.ingestionStep(ws, id, { step: 'parse', state: 'succeeded', done: 1, total: 1 });
  expect((await knowledge.ingestion(ws, id)).steps).toEqual([
    { step: 'parse', state: 'succeeded', done: 1, total: 1 },
    { ...embed, done: 6 },
  ]);
  const ended = await knowledge.endIngestion(ws, id, { state: 'failed', error: 'no embedder' });
  expect(ended).toMatchObject({ state: 'failed', error: 'no embedder', revision: 1 });
  expect(await knowledge.endIngestion(ws, id, { state: 'succeeded' })).toEqual(ended);
  const next = await knowledge.startIngestion(ws, document.id);
  expect(await knowledge.lastIngestion(ws, document.id)).toMatchObject({ id: next.id });
});

test('knowledge of another workspace is unknown', async () => {
  const { documentId, revision, changes } = await ingest('mine.txt', 'mine');
  const { id: ingestionId } = await knowledge.startIngestion(ws, documentId);
  const { workspaceId: there } = await createTenant(bench.stores);
  const document = {
    knowledgeBaseId: baseId,
    source: 's',
    title: 't',
    mediaType: 'text/plain',
    content: new Uint8Array(1),
  };
  const refused: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['knowledge.base_not_found', () => knowledge.getBase(there, baseId)],
    ['knowledge.base_not_found', () => knowledge.deleteBase(there, baseId)],
    ['knowledge.base_not_found', () => knowledge.putDocument(there, document)],
    ['knowledge.document_not_found', () => knowledge.getDocument(there, documentId)],
    ['knowledge.document_not_found', () => knowledge.content(there, documentId)],
    ['knowledge.document_not_found', () => knowledge.deleteDocument(there, documentId)],
    ['knowledge.document_not_found', () => knowledge.startIngestion(there, documentId)],
    [
      'knowledge.document_not_found',
      () => knowledge.replaceChunks(there, { documentId, revision, chunks: [] }),
    ],
    ['knowledge.ingestion_not_found', () => knowledge.ingestion(there, ingestionId)],
    [
      'knowledge.ingestion_not_found',
      () =>
        knowledge.ingestionStep(there, ingestionId, {
          step: 'parse',
          state: 'running',
          done: 0,
          total: null,
        }),
    ],
    [
      'knowledge.ingestion_not_found',
      () => knowledge.endIngestion(there, ingestionId, { state: 'cancelled' }),
    ],
  ];
  for (const [code, ask] of refused) await expect(ask()).rejects.toMatchObject({ code });
  const ids = changes.added.map(({ id }) => id);
  const vectors = changes.added.map(({ id, hash }) => ({ id, hash, vector: new Float32Array(2) }));
  expect(await knowledge.putVectors(there, EMBEDDER, vectors)).toBe(0);
  expect(await knowledge.progress(there, documentId, { state: 'ready', revision })).toBe(false);
  expect(await knowledge.chunks(there, ids)).toEqual([]);
  expect(await knowledge.scanChunks(there, { limit: 9 })).toEqual([]);
  expect((await knowledge.listBases(there, PAGE)).items).toEqual([]);
  expect((await knowledge.listDocuments(there, { knowledgeBaseId: baseId }, PAGE)).items).toEqual(
    [],
  );
  expect(await knowledge.lastIngestion(there, documentId)).toBeNull();
});

test('a knowledge base goes with all that is in it', async () => {
  await expect(
    knowledge.createBase(ws, { name: 'manuals', description: '' }),
  ).rejects.toMatchObject({ code: 'knowledge.name_taken' });
  expect((await knowledge.listBases(ws, PAGE)).items).toMatchObject([{ id: baseId }]);
  expect((await knowledge.getBase(ws, baseId)).documents).toBeGreaterThan(2);
  await knowledge.deleteBase(ws, baseId);
  const { rows } = await bench.schema.database.pool.query(
    `select (select count(*) from documents) + (select count(*) from chunks)
       + (select count(*) from chunk_vectors) + (select count(*) from ingestions)
       + (select count(*) from document_contents) as left`,
  );
  expect(rows).toEqual([{ left: 0 }]);
});
