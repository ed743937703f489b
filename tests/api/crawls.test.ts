import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createClient, type Client, type Crawl } from '../../client/index.ts';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

const URL = 'https://harbour.example/docs/';

let api: TestApi;
let client: Client;
let author: Client;
let admin: Client;
let viewer: Client;
let stranger: Client;
let away: AppError | null = null;
const started: string[] = [];
const cancelled: string[] = [];
let bases = 0;

beforeAll(async () => {
  const steer = async (list: string[], id: string): Promise<void> => {
    if (away !== null) throw away;
    list.push(id);
  };
  api = await startTestApi({
    crawlControl: {
      start: async ({ crawlId }) => {
        await steer(started, crawlId);
        return 'open';
      },
      cancel: (crawlId) => steer(cancelled, crawlId),
    },
  });
  const as = (apiKey: string): Client => createClient({ baseUrl: api.url, apiKey, maxRetries: 0 });
  client = as(api.own.keys.runner);
  author = as(api.own.keys.author);
  admin = as(api.own.keys.admin);
  viewer = as(api.own.keys.viewer);
  stranger = as(api.foreign.keys.admin);
});
afterAll(() => api.stop());
beforeEach(() => {
  away = null;
});

async function base(): Promise<string> {
  return (await author.knowledge.createBase({ name: `base ${(bases += 1)}` })).id;
}

/** Does what the worker would: notes the start page with a document and links. */
async function visit({ id }: Crawl, ...links: readonly string[]): Promise<void> {
  const ref = { workspaceId: api.own.id, crawlId: id };
  const page = await api.deps.crawls.claim(ref);
  if (page === null) throw new Error('nothing is queued');
  await api.deps.crawls.note(ref, {
    position: page.position,
    outcome: {
      kind: 'document',
      document: { title: 'start', mediaType: 'text/plain', content: Buffer.from('text') },
      links: { depth: 1, allowed: links.map((path) => `${URL}${path}`), disallowed: [] },
    },
  });
}

describe('a crawl', () => {
  test('is begun with bounds, and with those of everybody', async () => {
    const to = await base();
    const crawl = await client.knowledge.crawl(to, { url: `${URL}#top` });
    expect(crawl).toMatchObject({
      ...{ knowledgeBaseId: to, workspaceId: api.own.id, url: URL, userId: null },
      ...{ maxPages: 50, maxDepth: 3, include: [], exclude: [], truncated: false },
      ...{ state: 'running', error: null, endedAt: null },
      pages: { queued: 1, fetched: 0, unchanged: 0, skipped: 0, failed: 0 },
    });
    expect(started).toContain(crawl.id);
    const named = { maxPages: 2, maxDepth: 0, include: ['/docs/a'], exclude: ['/docs/a/b'] };
    const other = await client.knowledge.crawl(to, { url: URL, ...named, userId: 'ada' });
    expect(other).toMatchObject({ ...named, userId: 'ada' });
    expect(await viewer.knowledge.getCrawl(other.id)).toEqual(other);
    const all = [];
    for await (const { id } of viewer.knowledge.listCrawls(to, { limit: 1 })) all.push(id);
    expect(all).toEqual([other.id, crawl.id]);
    const hers = await viewer.knowledge.listCrawls(to, { userId: 'ada' }).page();
    expect(hers.items).toEqual([other]);
  });

  test('tells of its pages, a page at a time', async () => {
    const crawl = await client.knowledge.crawl(await base(), { url: URL, maxPages: 3 });
    await visit(crawl, 'a', 'b', 'c');
    expect(await viewer.knowledge.getCrawl(crawl.id)).toMatchObject({
      truncated: true,
      pages: { queued: 2, fetched: 1 },
    });
    const pages = [];
    for await (const page of viewer.knowledge.crawlPages(crawl.id, { limit: 1 })) pages.push(page);
    expect(pages).toEqual([
      { url: URL, depth: 0, state: 'fetched', reason: null, documentId: expect.any(String) },
      { url: `${URL}a`, depth: 1, state: 'queued', reason: null, documentId: null },
      { url: `${URL}b`, depth: 1, state: 'queued', reason: null, documentId: null },
    ]);
    const fetched = await viewer.knowledge.crawlPages(crawl.id, { state: 'fetched' }).page();
    expect(fetched.items).toEqual(pages.slice(0, 1));
    await client.knowledge.deleteDocument(pages[0]?.documentId ?? '');
    const left = await viewer.knowledge.crawlPages(crawl.id).page();
    expect(left.items[0]).toMatchObject({ state: 'fetched', documentId: null });
  });

  test('with the same key is the same, and only with the same request', async () => {
    const to = await base();
    const idempotencyKey = newId('decision');
    const crawl = (url: string) => client.knowledge.crawl(to, { url }, { idempotencyKey });
    const both = await Promise.all([crawl(URL), crawl(URL)]);
    expect(both[0]).toEqual(both[1]);
    expect(started.filter((id) => id === both[0].id)).toHaveLength(1);
    const path = `/v1/knowledge-bases/${to}/crawls`;
    const headers = { 'idempotency-key': idempotencyKey };
    expect((await api.call('POST', path, { body: { url: URL }, headers })).status).toBe(200);
    await expect(crawl(`${URL}other`)).rejects.toMatchObject({
      code: 'idempotency.key_reused',
      status: 422,
    });
    const others = `/v1/knowledge-bases/${await base()}/crawls`;
    const other = await api.call('POST', others, { body: { url: URL }, headers });
    expect(other.body.code).toBe('idempotency.key_reused');
    const foreignBase = (await stranger.knowledge.createBase({ name: 'theirs' })).id;
    const theirs = await stranger.knowledge.crawl(foreignBase, { url: URL }, { idempotencyKey });
    expect(theirs.id).not.toBe(both[0].id);
  });

  test('that cannot be started now is accepted: its sweeper starts it later', async () => {
    away = new AppError('service.unavailable', 'Temporal is away');
    const crawl = await client.knowledge.crawl(await base(), { url: URL });
    expect(crawl.state).toBe('running');
    const quiet = await api.deps.crawls.quiet({ quietMs: 0, limit: 100 });
    expect(quiet).toContainEqual({ workspaceId: api.own.id, crawlId: crawl.id });
  });

  test('is cancelled at once, whether or not its workflow hears of it', async () => {
    const to = await base();
    for (const error of [null, new AppError('service.unavailable', 'Temporal is away')]) {
      away = null;
      const crawl = await client.knowledge.crawl(to, { url: URL });
      away = error;
      const ended = await client.knowledge.cancelCrawl(crawl.id);
      expect(ended).toMatchObject({ state: 'cancelled', error: null });
      expect(ended.endedAt).not.toBeNull();
      expect(cancelled.includes(crawl.id)).toBe(error === null);
      const ref = { workspaceId: api.own.id, crawlId: crawl.id };
      expect(await api.deps.crawls.claim(ref)).toBeNull();
      await api.deps.crawls.end(ref, { state: 'succeeded' });
      expect(await client.knowledge.getCrawl(crawl.id)).toEqual(ended);
    }
  });

  test('goes with its base', async () => {
    const to = await base();
    const crawl = await client.knowledge.crawl(to, { url: URL });
    await visit(crawl, 'a');
    await author.knowledge.deleteBase(to);
    await expect(client.knowledge.getCrawl(crawl.id)).rejects.toMatchObject({
      code: 'knowledge.crawl_not_found',
      status: 404,
    });
  });

  test.each([
    { maxPages: LIMITS.crawlPages, maxDepth: LIMITS.crawlDepth },
    { include: Array.from({ length: LIMITS.crawlPrefixes }, () => '/a') },
    { url: 'http://10.0.0.1:8080/wiki' },
  ])('is taken with %j', async (body) => {
    const path = `/v1/knowledge-bases/${await base()}/crawls`;
    expect((await api.call('POST', path, { body: { url: URL, ...body } })).status).toBe(201);
  });

  test.each([
    { url: undefined },
    { url: 'ftp://harbour.example/' },
    { url: 'harbour.example' },
    { url: 'https://user:word@harbour.example/' },
    { url: `${URL}${'x'.repeat(2_000)}` },
    { maxPages: 0 },
    { maxPages: LIMITS.crawlPages + 1 },
    { maxPages: 1.5 },
    { maxDepth: -1 },
    { maxDepth: LIMITS.crawlDepth + 1 },
    { include: ['docs'] },
    { include: ['//other.example/'] },
    { exclude: ['https://other.example/'] },
    { exclude: Array.from({ length: LIMITS.crawlPrefixes + 1 }, () => '/a') },
    { userId: '' },
    { pattern: '.*' },
  ])('is refused with %j', async (body) => {
    const path = `/v1/knowledge-bases/${await base()}/crawls`;
    const answer = await api.call('POST', path, { body: { url: URL, ...body } });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
  });
});

test('another workspace knows nothing of crawls', async () => {
  const to = await base();
  const { id } = await client.knowledge.crawl(to, { url: URL });
  for (const ask of [
    () => stranger.knowledge.crawl(to, { url: URL }),
    () => stranger.knowledge.listCrawls(to).page(),
    () => stranger.knowledge.getCrawl(id),
    () => stranger.knowledge.crawlPages(id).page(),
    () => stranger.knowledge.cancelCrawl(id),
    () => client.knowledge.getCrawl(newId('crawl')),
    () => client.knowledge.crawl(newId('knowledgeBase'), { url: URL }),
  ]) {
    await expect(ask()).rejects.toMatchObject({ status: 404 });
  }
  expect((await client.knowledge.getCrawl(id)).state).toBe('running');
});

test('who may only read begins and ends no crawl', async () => {
  const to = await base();
  const { id } = await client.knowledge.crawl(to, { url: URL });
  for (const ask of [
    () => viewer.knowledge.crawl(to, { url: URL }),
    () => viewer.knowledge.cancelCrawl(id),
  ]) {
    await expect(ask()).rejects.toMatchObject({ code: 'auth.forbidden', status: 403 });
  }
});

describe("a person's crawl", () => {
  test('is there for this person alone, and so is what it finds', async () => {
    const to = await base();
    const crawl = await client.knowledge.crawl(to, { url: URL, userId: 'ada' });
    await visit(crawl);
    const { id } = crawl;
    for (const ask of [
      () => client.knowledge.getCrawl(id, { userId: 'bob' }),
      () => client.knowledge.crawlPages(id, { userId: 'bob' }).page(),
      () => client.knowledge.cancelCrawl(id, { userId: 'bob' }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'knowledge.crawl_not_found', status: 404 });
    }
    expect((await client.knowledge.getCrawl(id, { userId: 'ada' })).state).toBe('running');
    expect((await client.knowledge.listCrawls(to, { userId: 'bob' }).page()).items).toEqual([]);
    const { items } = await client.knowledge.crawlPages(id, { userId: 'ada' }).page();
    const documentId = items[0]?.documentId ?? '';
    expect((await client.knowledge.getDocument(documentId)).userId).toBe('ada');
    await expect(client.knowledge.getDocument(documentId, { userId: 'bob' })).rejects.toMatchObject(
      { status: 404 },
    );
  });

  test('is erased with the person, and adds nothing afterwards', async () => {
    const to = await base();
    const crawl = await client.knowledge.crawl(to, { url: URL, userId: 'eve' });
    const others = await client.knowledge.crawl(to, { url: URL, userId: 'ada' });
    await visit(crawl, 'a');
    const ref = { workspaceId: api.own.id, crawlId: crawl.id };
    const page = await api.deps.crawls.claim(ref);
    const proof = await admin.memories.eraseUser('eve');
    expect(proof).toMatchObject({ remaining: 0, erased: { crawls: 1, documents: 1 } });
    const document = { title: 't', mediaType: 'text/plain', content: Buffer.from('late') };
    const links = { depth: 1, allowed: [], disallowed: [] };
    const outcome = { kind: 'document', document, links } as const;
    const late = { position: page?.position ?? 0, outcome };
    expect(await api.deps.crawls.note(ref, late)).toBeNull();
    expect((await client.knowledge.listDocuments(to).page()).items).toEqual([]);
    await expect(client.knowledge.getCrawl(crawl.id)).rejects.toMatchObject({ status: 404 });
    expect((await client.knowledge.getCrawl(others.id)).id).toBe(others.id);
    expect(await admin.memories.erasure(proof.id)).toMatchObject({ erased: { crawls: 1 } });
  });

  test('leaves no document behind when the person is erased while pages are noted', async () => {
    const to = await base();
    for (let round = 0; round < 10; round += 1) {
      const userId = `racer ${round}`;
      const crawl = await client.knowledge.crawl(to, { url: URL, userId });
      const [erased] = await Promise.allSettled([
        admin.memories.eraseUser(userId),
        visit(crawl, 'a').catch(() => undefined),
      ]);
      expect(erased.status).toBe('fulfilled');
      expect((await client.knowledge.listDocuments(to, { userId }).page()).items).toEqual([]);
    }
  });
});
