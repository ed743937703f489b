import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openCrawlBench, type CrawlBench } from './crawl-bench.ts';
import { file, page, redirect, status, type WebSite } from '../fakes/web-site.ts';
import { LIMITS } from '../../contracts/limits.ts';

let bench: CrawlBench;
let crawls: CrawlBench['crawls'];
let site: CrawlBench['site'];
let begin: CrawlBench['begin'];
let enter: CrawlBench['enter'];
let step: CrawlBench['step'];
let drive: CrawlBench['drive'];
let seen: CrawlBench['seen'];
let reasonOf: CrawlBench['reasonOf'];
let get: CrawlBench['get'];
let fill: CrawlBench['fill'];

beforeAll(async () => {
  bench = await openCrawlBench();
  ({ crawls, site, begin, enter, step, drive, seen, reasonOf, get, fill } = bench);
});

afterEach(() => {
  bench.site.pages.clear();
  bench.site.asked.length = 0;
});

afterAll(() => bench.close());

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
    await enter(ref);
    await step(ref);
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
    await drive(ref, { ...bench.deps, http: { allowHosts: [site.host] } });
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
