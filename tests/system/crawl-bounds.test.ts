import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openCrawlBench, type CrawlBench } from './crawl-bench.ts';
import { file, page, status } from '../fakes/web-site.ts';
import { LIMITS } from '../../contracts/limits.ts';

let bench: CrawlBench;
let knowledge: CrawlBench['knowledge'];
let workspaceId: CrawlBench['workspaceId'];
let site: CrawlBench['site'];
let newBase: CrawlBench['newBase'];
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
  ({ knowledge, workspaceId, site, newBase, begin, enter, step, drive, seen, reasonOf, get, fill } =
    bench);
});

afterEach(() => {
  bench.site.pages.clear();
  bench.site.asked.length = 0;
});

afterAll(() => bench.close());

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
    await enter(ref);
    await step(ref);
    expect((await get(ref)).pages.queued).toBe(LIMITS.crawlPages - 1);
    const wide = await begin({ include: ['/p999', '/p1000'] });
    await enter(wide);
    await step(wide);
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

  test('has its delay kept between requests, where that is longer than ours', async () => {
    rules('User-agent: *\nCrawl-delay: 0.5');
    fill({ '/': ['start', '/a'], '/a': ['a'] });
    expect(await drive(await begin())).toEqual([500, 500]);
    const slow = { ...bench.deps, pauseMs: 700 };
    expect(await drive(await begin(), slow)).toEqual([700, 700]);
  });

  test('has pages that fail asked for again after more than its delay', async () => {
    rules('User-agent: *\nCrawl-delay: 0.5');
    site.pages.set('/', status(500));
    expect(await drive(await begin())).toEqual([1_000, 2_000, 500]);
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
  await expect(enter(ref, { ...bench.deps, http })).rejects.toMatchObject({
    code: 'knowledge.source_refused',
  });
  await step(ref, { ...bench.deps, http });
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
