import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createCrawlStore, type CrawlStore } from '../../db/stores/crawl-store.ts';
import { createKnowledgeStore, type KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { crawlPage } from '../../activities/knowledge/crawl/crawl-page.ts';
import { createInlineParser } from '../../adapters/documents/inline-parser.ts';
import { createWorkspaceStore } from '../../db/stores/workspace-store.ts';
import { file, page, redirect, startWebSite, status, type WebSite } from '../fakes/web-site.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { readRobots } from '../../activities/knowledge/crawl/read-robots.ts';
import type { Crawl, CrawlBounds } from '../../contracts/crawl.ts';
import type { CrawlDeps } from '../../activities/knowledge/crawl/crawl-deps.ts';
import type { CrawlRef } from '../../contracts/crawl-control.ts';

let schema: TestSchema;
let crawls: CrawlStore;
let knowledge: KnowledgeStore;
let workspaceId: string;
let site: WebSite;
let deps: CrawlDeps;
let bases = 0;
const signal = new AbortController().signal;

beforeAll(async () => {
  schema = await freshSchema();
  crawls = createCrawlStore(schema.database);
  knowledge = createKnowledgeStore(schema.database);
  workspaceId = (await createWorkspaceStore(schema.database).create({ name: 'w' })).id;
  site = await startWebSite({});
  const http = { allowHosts: [site.host], timeoutMs: 500 };
  deps = { crawls, parser: createInlineParser(), http, pauseMs: 10 };
});

afterEach(() => {
  site.pages.clear();
  site.asked.length = 0;
});

afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await schema.drop();
});

interface Wanted extends Partial<Omit<CrawlBounds, 'url'>> {
  readonly path?: string;
  readonly userId?: string;
  readonly base?: string;
}

async function newBase(): Promise<string> {
  const base = { name: `base ${(bases += 1)}`, description: '' };
  return (await knowledge.createBase(workspaceId, base)).id;
}

async function begin({ path = '/', userId, base, ...bounds }: Wanted = {}): Promise<CrawlRef> {
  const { crawl } = await crawls.create(workspaceId, {
    ...{ maxPages: 50, maxDepth: 3, include: [], exclude: [], ...bounds },
    url: site.url(path),
    knowledgeBaseId: base ?? (await newBase()),
    userId: userId ?? null,
  });
  return { workspaceId, crawlId: crawl.id };
}

/** What the workflow does; answers with the pauses that it would make. */
async function drive(ref: CrawlRef, using: CrawlDeps = deps): Promise<readonly number[]> {
  const pauses: number[] = [];
  await readRobots(using, ref, signal);
  for (;;) {
    const step = await crawlPage(using, ref, signal);
    if (step.kind === 'ended') return pauses;
    pauses.push(step.pauseMs);
  }
}

async function seen(ref: CrawlRef): Promise<readonly string[]> {
  const { items } = await crawls.pages(ref, { page: { limit: 200 } });
  return items.map(({ url, state }) => `${url.slice(site.url('').length)} ${state}`);
}

async function reasonOf(ref: CrawlRef, path: string): Promise<string | null | undefined> {
  const { items } = await crawls.pages(ref, { page: { limit: 200 } });
  return items.find(({ url }) => url === site.url(path))?.reason;
}

const get = ({ crawlId }: CrawlRef): Promise<Crawl> => crawls.get(workspaceId, crawlId);

/** Pages whose links name each other, and more than fit into small crawls. */
function fill(pages: Readonly<Record<string, Parameters<typeof page>>>): void {
  for (const [path, args] of Object.entries(pages)) site.pages.set(path, page(...args));
}

describe('how far a crawl goes', () => {
  test.each([
    [1, ['/ fetched'], true],
    [2, ['/ fetched', '/a fetched'], true],
    [3, ['/ fetched', '/a fetched', '/b fetched'], false],
  ])('is %i pages', async (maxPages, expected, truncated) => {
    fill({ '/': ['start', '/a', '/b'], '/a': ['a', '/'], '/b': ['b'] });
    const ref = await begin({ maxPages });
    await drive(ref);
    expect(await seen(ref)).toEqual(expected);
    expect((await get(ref)).truncated).toBe(truncated);
    expect(site.asked).toEqual(['/robots.txt', ...expected.map((line) => line.split(' ')[0])]);
  });

  test.each([
    [0, ['/ fetched']],
    [1, ['/ fetched', '/a fetched']],
    [2, ['/ fetched', '/a fetched', '/b fetched']],
  ])('is %i links', async (maxDepth, expected) => {
    fill({ '/': ['start', 'a'], '/a': ['a', 'b'], '/b': ['b', 'c'], '/c': ['c'] });
    const ref = await begin({ maxDepth });
    await drive(ref);
    expect(await seen(ref)).toEqual(expected);
  });

  test('counts the way that is shortest', async () => {
    fill({ '/': ['start', 'a', 'z'], '/a': ['a', 'b'], '/b': ['b', 'z'], '/z': ['z', 'end'] });
    fill({ '/end': ['end'] });
    const ref = await begin({ maxDepth: 2 });
    await drive(ref);
    expect(await seen(ref)).toContain('/end fetched');
  });

  test('is so many links of one page', async () => {
    const links = Array.from({ length: LIMITS.linksPerPage + 1 }, (_, n) => `/p${n}#x`);
    fill({ '/': ['start', ...links.map((link) => `${link}y`), ...links] });
    const ref = await begin({ maxPages: LIMITS.crawlPages });
    await readRobots(deps, ref, signal);
    await crawlPage(deps, ref, signal);
    expect((await get(ref)).pages.queued).toBe(LIMITS.crawlPages - 1);
    const wide = await begin({ include: ['/p999', '/p1000'] });
    await readRobots(deps, wide, signal);
    await crawlPage(deps, wide, signal);
    expect(await seen(wide)).toEqual(['/ fetched', '/p999 queued']);
  });

  test('is the folder of its start page, or what prefixes say', async () => {
    fill({ '/docs/start': ['start', '/docs/a', '/blog/b', '/blog/old', '/docs', '/'] });
    fill({ '/docs/a': ['a'], '/blog/b': ['b'], '/blog/old': ['old'], '/docs': ['x'], '/': ['y'] });
    const path = '/docs/start';
    const folder = await begin({ path });
    await drive(folder);
    expect(await seen(folder)).toEqual(['/docs/start fetched', '/docs/a fetched']);
    const named = await begin({ path, include: ['/blog'], exclude: ['/blog/ol'] });
    await drive(named);
    expect(await seen(named)).toEqual(['/docs/start fetched', '/blog/b fetched']);
  });
});

describe('a page', () => {
  test('that does not answer in time is asked for three times, then it has failed', async () => {
    fill({ '/': ['start', '/slow', '/ok'], '/ok': ['ok'] });
    site.pages.set('/slow', () => undefined);
    const ref = await begin();
    expect(await drive(ref)).toEqual([10, 20, 40, 10, 10]);
    expect(await seen(ref)).toEqual(['/ fetched', '/slow failed', '/ok fetched']);
    expect(await reasonOf(ref, '/slow')).toContain('no answer within 500 ms');
    expect(site.asked.filter((path) => path === '/slow')).toHaveLength(3);
    expect((await get(ref)).state).toBe('running');
  });

  test.each([429, 503])('of status %i is asked for again when it says', async (code) => {
    let answers = 0;
    site.pages.set('/', (response) => {
      answers += 1;
      if (answers < 3) response.writeHead(code, { 'retry-after': '7' }).end();
      else response.writeHead(200, { 'content-type': 'text/html' }).end(page('start'));
    });
    const ref = await begin();
    expect(await drive(ref)).toEqual([7_000, 7_000, 10]);
    expect(await seen(ref)).toEqual(['/ fetched']);
  });

  test.each([
    [LIMITS.crawlWaitMs / 1_000, [LIMITS.crawlWaitMs, LIMITS.crawlWaitMs, 10]],
    [LIMITS.crawlWaitMs / 1_000 + 1, [10]],
  ])('that asks to wait %i s is waited for up to a bound', async (seconds, pauses) => {
    site.pages.set('/', status(503, { 'retry-after': String(seconds) }));
    const ref = await begin();
    expect(await drive(ref)).toEqual(pauses);
    expect(await get(ref)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('the server answers with 503'),
    });
  });

  test('whose worker died three times has failed', async () => {
    fill({ '/': ['start', '/deadly'], '/deadly': ['deadly'] });
    const ref = await begin();
    await readRobots(deps, ref, signal);
    await crawlPage(deps, ref, signal);
    for (let times = 0; times < 3; times += 1) await crawls.claim(ref);
    await drive(ref);
    expect(await reasonOf(ref, '/deadly')).toBe('3 attempts came to no end');
    expect(site.asked).not.toContain('/deadly');
  });

  test('that is too large has failed', async () => {
    fill({ '/': ['start', '/most', '/huge'] });
    site.pages.set('/most', file('text/plain', Buffer.alloc(LIMITS.documentBytes, 'x')));
    site.pages.set('/huge', file('text/plain', Buffer.alloc(LIMITS.documentBytes + 1, 'x')));
    const ref = await begin();
    await drive(ref, { ...deps, http: { allowHosts: [site.host] } });
    expect(await seen(ref)).toEqual(['/ fetched', '/most fetched', '/huge failed']);
    expect(await reasonOf(ref, '/huge')).toContain('larger than');
  });

  test('asks not to be indexed, or not to be followed', async () => {
    const meta = (content: string, link: string) =>
      `<meta name="Robots" content="${content}"><p>text</p><a href="${link}">x</a>`;
    fill({ '/': ['start', '/noindex', '/nofollow', '/none', '/header'], '/1': ['one'] });
    site.pages.set('/noindex', meta('NOINDEX', '/1'));
    site.pages.set('/nofollow', meta('index, nofollow', '/2'));
    site.pages.set('/none', meta('none', '/3'));
    site.pages.set('/header', (response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'x-robots-tag': 'noindex, nofollow' });
      response.end(page('header', '/4'));
    });
    const ref = await begin();
    await drive(ref);
    expect(await seen(ref)).toEqual([
      '/ fetched',
      '/noindex skipped',
      '/nofollow fetched',
      '/none skipped',
      '/header skipped',
      '/1 fetched',
    ]);
  });

  test('may name another base for its links', async () => {
    const links = '<p>text</p><a href="a">a</a><a href="a" rel="external NOFOLLOW"></a>';
    site.pages.set('/', `<base href="/deep/">${links}<a rel=nofollow href="/no">x</a>`);
    fill({ '/deep/a': ['a'] });
    const ref = await begin();
    await drive(ref);
    expect(await seen(ref)).toEqual(['/ fetched', '/deep/a fetched']);
  });

  test('has moved within the crawl, or out of it', async () => {
    fill({ '/d/': ['start', 'moved', 'loop', 'away', 'inside'], '/d/new': ['new'] });
    site.pages.set('/d/moved', redirect('new'));
    site.pages.set('/d/loop', redirect('loop'));
    site.pages.set('/d/away', redirect('/elsewhere'));
    site.pages.set('/d/inside', redirect('http://127.0.0.1:22/'));
    const ref = await begin({ path: '/d/', maxDepth: 1 });
    await drive(ref);
    expect(await seen(ref)).toEqual([
      '/d/ fetched',
      '/d/moved skipped',
      '/d/loop skipped',
      '/d/away skipped',
      '/d/inside skipped',
      '/d/new fetched',
    ]);
    expect(await reasonOf(ref, '/d/inside')).toContain('outside of the crawl');
    expect(site.asked).not.toContain('/elsewhere');
  });

  test('is noted once, and not at all when its crawl has ended', async () => {
    fill({ '/': ['start', '/a'] });
    const ref = await begin();
    const links = { depth: 1, allowed: [site.url('/a')], disallowed: [] };
    const document = { title: 't', mediaType: 'text/plain', content: Buffer.from('x') };
    const outcome = { kind: 'document', document, links } as const;
    const note = (position: number) => crawls.note(ref, { position, outcome });
    const both = await Promise.all([note(1), note(1)]);
    expect(both.filter((ingestion) => ingestion !== null)).toHaveLength(1);
    expect(await seen(ref)).toEqual(['/ fetched', '/a queued']);
    await crawls.end(ref, { state: 'cancelled' });
    expect(await note(2)).toBeNull();
    expect(await seen(ref)).toEqual(['/ fetched', '/a queued']);
    expect(await crawls.claim(ref)).toBeNull();
  });
});

describe('a start page', () => {
  test.each<[string, Parameters<WebSite['pages']['set']>[1], string]>([
    ['is not there', status(404), 'answers with 404'],
    ['leads to another site', redirect('http://other.example/'), 'outside of the crawl'],
    ['leads nowhere', redirect('mailto:a@b.example'), 'an address that is none'],
  ])('that %s fails the crawl', async (_what, start, reason) => {
    site.pages.set('/', start);
    const ref = await begin();
    await drive(ref);
    expect(await get(ref)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining(reason),
      pages: { failed: 1 },
    });
  });

  test('that has moved is the page that it moved to', async () => {
    site.pages.set('/', redirect('/home'));
    fill({ '/home': ['home', '/a'], '/a': ['a'] });
    const ref = await begin({ maxDepth: 1 });
    await drive(ref);
    expect(await seen(ref)).toEqual(['/ skipped', '/home fetched', '/a fetched']);
  });
});

describe('robots.txt', () => {
  const rules = (text: string) => site.pages.set('/robots.txt', file('text/plain', text));

  test('keeps a crawl from pages, which take no room of others', async () => {
    rules('User-agent: *\nDisallow: /no');
    const closed = Array.from({ length: 5 }, (_, n) => `/no${n}`);
    fill({ '/': ['start', ...closed, '/yes'], '/yes': ['yes'] });
    const ref = await begin({ maxPages: 2 });
    await drive(ref);
    expect(await seen(ref)).toEqual(['/ fetched', '/yes fetched', '/no0 skipped', '/no1 skipped']);
    expect(await reasonOf(ref, '/no0')).toBe('robots.txt disallows it');
    expect(site.asked).toEqual(['/robots.txt', '/', '/yes']);
  });

  test('may keep it from its start page', async () => {
    rules('User-agent: Holdfast\nDisallow: /');
    fill({ '/': ['start'] });
    await expect(drive(await begin())).rejects.toMatchObject({
      code: 'knowledge.source_refused',
      message: expect.stringContaining('disallows the start page'),
    });
    expect(site.asked).toEqual(['/robots.txt']);
  });

  test('that cannot be had keeps it from everything, but one that is not there does not', async () => {
    fill({ '/': ['start'] });
    for (const code of [500, 503, 429, 301]) {
      site.pages.set('/robots.txt', status(code));
      await expect(drive(await begin())).rejects.toMatchObject({ code: 'tool.failed' });
    }
    expect(site.asked).not.toContain('/');
    for (const code of [401, 403, 404, 410]) {
      site.pages.set('/robots.txt', status(code));
      const ref = await begin();
      await drive(ref);
      expect(await seen(ref)).toEqual(['/ fetched']);
    }
  });

  test('is waited for as long as it asks, up to a bound', async () => {
    site.pages.set('/robots.txt', status(503, { 'retry-after': '9000' }));
    await expect(drive(await begin())).rejects.toMatchObject({ retryAfterMs: LIMITS.crawlWaitMs });
  });

  test.each([
    [LIMITS.robotsBytes, true],
    [LIMITS.robotsBytes + 1, false],
  ])('of %i bytes is read: %j', async (size, read) => {
    rules('#'.repeat(size));
    fill({ '/': ['start'] });
    const done = drive(await begin());
    if (read) await done;
    else await expect(done).rejects.toMatchObject({ code: 'knowledge.source_refused' });
  });
});

test('an address that may not be asked is not, and says so', async () => {
  const ref = await begin();
  const http = { allowHosts: [] };
  await expect(readRobots({ ...deps, http }, ref, signal)).rejects.toMatchObject({
    code: 'knowledge.source_refused',
  });
  await crawlPage({ ...deps, http }, ref, signal);
  expect((await get(ref)).state).toBe('failed');
  expect(site.asked).toEqual([]);
});

test('a crawl of what is known already changes nothing and ingests nothing', async () => {
  fill({ '/': ['start', '/a'], '/a': ['a'] });
  const base = await newBase();
  await drive(await begin({ base }));
  site.pages.set('/a', page('another'));
  const again = await begin({ base });
  await drive(again);
  expect(await seen(again)).toEqual(['/ unchanged', '/a fetched']);
  const { items } = await knowledge.listDocuments(
    workspaceId,
    { knowledgeBaseId: base },
    { limit: 9 },
  );
  expect(items.map(({ title, revision }) => [title, revision])).toEqual([
    ['start', 1],
    ['another', 2],
  ]);
  const last = await knowledge.lastIngestion(workspaceId, items[1]?.id ?? '');
  const page2 = await knowledge.listIngestions(workspaceId, items[1]?.id ?? '', { limit: 9 });
  expect(last).toMatchObject({ state: 'running', revision: 2 });
  expect(page2.items.map(({ state }) => state)).toEqual(['running', 'cancelled']);
});

test('deleting a base while it is crawled ends in order', async () => {
  fill({ '/': ['start', ...Array.from({ length: 20 }, (_, n) => `/p${n}`)] });
  for (let n = 0; n < 20; n += 1) fill({ [`/p${n}`]: [`page ${n}`] });
  const base = await newBase();
  const ref = await begin({ base });
  const driven = drive(ref);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await knowledge.deleteBase(workspaceId, base);
  await driven.catch((error: unknown) => {
    expect(error).toMatchObject({ code: 'knowledge.crawl_not_found' });
  });
  await expect(get(ref)).rejects.toMatchObject({ code: 'knowledge.crawl_not_found' });
});
