import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { ingestOnePiece } from './ingest-one-piece.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;
let client: Client;
let author: Client;

beforeAll(async () => {
  api = await startTestApi();
  const as = (apiKey: string): Client => createClient({ baseUrl: api.url, apiKey, maxRetries: 0 });
  client = as(api.own.keys.runner);
  author = as(api.own.keys.author);
});
afterAll(() => api.stop());

let names = 0;

async function base(): Promise<string> {
  return (await author.knowledge.createBase({ name: `base ${(names += 1)}` })).id;
}

const ingest = (documentId: string, text: string) => ingestOnePiece(api, documentId, text);

describe("a person's document", () => {
  test('is there for this person alone', async () => {
    const to = await base();
    const body = { name: 'diary', text: 'x', userId: 'ada' };
    const { document, ingestion } = await client.knowledge.addDocument(to, body);
    const { id } = document;
    await ingest(id, 'dear diary');
    const userId = 'bob';
    const asks: (() => Promise<unknown>)[] = [
      () => client.knowledge.getDocument(id, { userId }),
      () => client.knowledge.readDocument(id, { userId }),
      () => client.knowledge.chunks(id, { userId }).page(),
      () => client.knowledge.ingest(id, { userId }),
      () => client.knowledge.ingestions(id, { userId }).page(),
      () => client.knowledge.deleteDocument(id, { userId }),
      () => client.knowledge.ingestion(ingestion?.id ?? '', { userId }),
    ];
    for (const ask of asks) await expect(ask()).rejects.toMatchObject({ status: 404 });
    const found = async (who: string) =>
      (await client.knowledge.searchBase(to, { query: 'diary', userId: who })).hits.length;
    expect([await found('ada'), await found('bob')]).toEqual([1, 0]);
    expect((await client.knowledge.getDocument(id, { userId: 'ada' })).id).toBe(id);
    const listed = async (who: string) =>
      (await client.knowledge.listDocuments(to, { userId: who }).page()).items.length;
    expect([await listed('ada'), await listed('bob')]).toEqual([1, 0]);
  });

  test.each(['dear diary', 'not so dear'])(
    'is neither shown nor taken by others who add its name with %j',
    async (text) => {
      const to = await base();
      const hers = { name: 'diary', text: 'dear diary', userId: 'ada' };
      const { document } = await client.knowledge.addDocument(to, hers);
      await ingest(document.id, hers.text);
      const before = await client.knowledge.getDocument(document.id, { userId: 'ada' });
      const his = { ...hers, text, userId: 'bob' };
      const added = await client.knowledge.addDocument(to, his);
      const bytes = new TextEncoder().encode(text);
      const upload = { name: 'diary', mediaType: 'text/plain', bytes };
      const shared = await client.knowledge.upload(to, upload);
      expect([added.kind, shared.kind]).toEqual(['created', 'created']);
      expect(added.document).toMatchObject({ userId: 'bob', chunks: 0 });
      expect(shared.document).toMatchObject({ userId: null, chunks: 0 });
      const ids = [document.id, added.document.id, shared.document.id];
      expect(new Set(ids).size).toBe(3);
      const { id } = document;
      expect(await client.knowledge.getDocument(id, { userId: 'ada' })).toEqual(before);
      const seen = client.knowledge.getDocument(id, { userId: 'bob' });
      await expect(seen).rejects.toMatchObject({ code: 'knowledge.document_not_found' });
    },
  );
});
