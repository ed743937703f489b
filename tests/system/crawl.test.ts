import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { Worker } from '@temporalio/worker';
import type { Client } from '../../client/index.ts';
import { createCrawlControl } from '../../temporal/crawl-control.ts';
import { ended, pagesOf, readyDocuments } from './crawl-watch.ts';
import { file, page, redirect, startWebSite, type WebSite } from '../fakes/web-site.ts';
import { recordHistory } from '../harness/record-history.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { createLogger } from '../../runtime/logger.ts';
import { sweepCrawls } from '../../runtime/crawl-sweeper.ts';
import { until } from '../harness/until.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';

const HUGE_BYTES = 33 * 1024 * 1024;

let site: WebSite;
/** Nobody exempts it. */
let foreign: WebSite;

beforeAll(async () => {
  foreign = await startWebSite({ '/': page('foreign') });
  site = await startWebSite({
    '/robots.txt': file('text/plain', 'User-agent: *\nDisallow: /docs/private'),
    '/docs/': page(
      'Welcome to the harbour',
      ...['berths.html', 'berths.html#price', './#top', 'missing', 'private/x', '/outside'],
      ...['away', 'inside', 'moved', 'picture.png', 'huge', 'slow', 'rules.txt', 'hidden'],
      ...[foreign.url('/'), 'mailto:a@b.example', 'javascript:alert(1)'],
    ),
    '/docs/berths.html': page('Berths cost ten crowns', '/docs/', 'berths.html', 'deep/one'),
    '/docs/deep/one': page('Tides are shown at the pier', 'two', '../berths.html'),
    '/docs/deep/two': page('Never read', '/docs/'),
    '/docs/away': redirect(foreign.url('/')),
    '/docs/inside': redirect('http://127.0.0.1:22/docs/'),
    '/docs/moved': redirect('/docs/lighthouse'),
    '/docs/lighthouse': page('The lighthouse keeper sleeps'),
    '/docs/picture.png': file('image/png', 'PNG'),
    '/docs/huge': file('text/plain', Buffer.alloc(HUGE_BYTES, 'x')),
    '/docs/slow': (response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      setTimeout(() => response.end(page('Slow boats need patience')), 1_200);
    },
    '/docs/rules.txt': file('text/plain', 'Anchors are washed before use.'),
    '/docs/hidden': page('Hidden coves', 'hidden2').replace(
      '<a href="hidden2"',
      '<a rel="nofollow" href="hidden2"',
    ),
    '/docs/hidden2': page('Nobody is led here'),
    '/docs/private/x': page('Private'),
    '/outside': page('Outside'),
  });
}, 120_000);

afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await foreign[Symbol.asyncDispose]();
});

describe('a crawl', () => {
  let stack: Stack;
  let client: Client;
  let bases = 0;

  beforeAll(async () => {
    stack = await startStack({ HOLDFAST_HTTP_ALLOW: site.host, HOLDFAST_CRAWL_PAUSE_MS: '0' });
    client = stack.client;
  }, 120_000);

  afterAll(() => stack.stop());

  const newBase = async (): Promise<string> =>
    (await client.knowledge.createBase({ name: `base ${(bases += 1)}` })).id;

  test('finds exactly the documents of a site, and they are found by searches', async () => {
    const base = await newBase();
    const begun = await client.knowledge.crawl(base, { url: site.url('/docs/'), maxDepth: 2 });
    expect(begun).toMatchObject({ state: 'running', maxPages: 50, pages: { queued: 1 } });
    const crawl = await ended(client, begun);
    expect(crawl).toMatchObject({
      state: 'succeeded',
      error: null,
      truncated: false,
      pages: { queued: 0, fetched: 7, unchanged: 0, skipped: 5, failed: 2 },
    });
    expect(await pagesOf(client, crawl)).toEqual([
      '0 /docs/ fetched',
      '1 /docs/berths.html fetched',
      '1 /docs/missing failed',
      '1 /docs/away skipped',
      '1 /docs/inside skipped',
      '1 /docs/moved skipped',
      '1 /docs/picture.png skipped',
      '1 /docs/huge failed',
      '1 /docs/slow fetched',
      '1 /docs/rules.txt fetched',
      '1 /docs/hidden fetched',
      '1 /docs/private/x skipped',
      '2 /docs/deep/one fetched',
      '1 /docs/lighthouse fetched',
    ]);
    expect(await readyDocuments(client, base)).toEqual([
      '/docs/',
      '/docs/berths.html',
      '/docs/deep/one',
      '/docs/hidden',
      '/docs/lighthouse',
      '/docs/rules.txt',
      '/docs/slow',
    ]);
    const { hits } = await client.knowledge.searchBase(base, { query: 'price of berths, crowns' });
    expect(hits[0]?.citation).toMatchObject({
      title: 'Berths cost ten crowns',
      source: site.url('/docs/berths.html'),
    });
    expect(site.asked.filter((path) => path === '/robots.txt')).toHaveLength(1);
    expect(new Set(site.asked).size).toBe(site.asked.length);
    expect([site.atOnce(), [...site.agents]]).toEqual([1, ['holdfast']]);
    expect(foreign.asked).toEqual([]);
  }, 120_000);

  test('of the same site once more marks pages as unchanged and ingests nothing', async () => {
    const base = await newBase();
    const body = { url: site.url('/docs/berths.html'), maxDepth: 1, exclude: ['/docs/deep'] };
    await ended(client, await client.knowledge.crawl(base, { ...body, maxPages: 1 }));
    await readyDocuments(client, base);
    const again = await ended(client, await client.knowledge.crawl(base, { ...body, maxPages: 1 }));
    expect(again.pages).toMatchObject({ fetched: 0, unchanged: 1 });
    const { items } = await client.knowledge.listDocuments(base).page();
    for (const { id } of items) {
      expect((await client.knowledge.ingestions(id).page()).items).toHaveLength(1);
    }
    const listed = [];
    for await (const { id } of client.knowledge.listCrawls(base, { limit: 1 })) listed.push(id);
    expect(listed[0]).toBe(again.id);
    expect(listed).toHaveLength(2);
  }, 120_000);

  test('that is cancelled asks for nothing more', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    site.pages.set('/c/', page('start', 'held', 'next'));
    site.pages.set('/c/held', () => resolve(undefined));
    site.pages.set('/c/next', page('next'));
    const base = await newBase();
    const begun = await client.knowledge.crawl(base, { url: site.url('/c/') });
    await promise;
    const cancelled = await client.knowledge.cancelCrawl(begun.id);
    expect(cancelled).toMatchObject({ state: 'cancelled', error: null });
    const handle = stack.holdfast.temporal.workflow.getHandle(begun.id);
    await expect(handle.result()).rejects.toThrow(/cancel/i);
    expect(await pagesOf(client, begun)).toEqual([
      '0 /c/ fetched',
      '1 /c/held queued',
      '1 /c/next queued',
    ]);
    expect(site.asked).not.toContain('/c/next');
    expect(await client.knowledge.cancelCrawl(begun.id)).toEqual(cancelled);
    expect(await readyDocuments(client, base)).toEqual(['/c/']);
  }, 120_000);

  test('of a site that cannot be asked fails with a sentence', async () => {
    const base = await newBase();
    const url = foreign.url('/');
    const crawl = await ended(client, await client.knowledge.crawl(base, { url }));
    expect(crawl).toMatchObject({
      state: 'failed',
      error: expect.stringMatching(/^knowledge.source_refused: .*robots.txt could not be read/),
    });
    const gone = await client.knowledge.crawl(base, { url: site.url('/nowhere') });
    expect(await ended(client, gone)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('the server answers with 404'),
    });
    expect(foreign.asked).toEqual([]);
  }, 120_000);

  test('whose start was lost is started by the sweeper, and ended where nobody will', async () => {
    const { holdfast, workspaceId, env } = stack;
    const { crawls } = holdfast.installation;
    const taskQueue = env['HOLDFAST_TASK_QUEUE'] ?? '';
    const control = createCrawlControl(holdfast.temporal, { taskQueue });
    const log = createLogger('silent', 'test');
    const sweep = () => sweepCrawls({ crawls, control, log, quietMs: 0 });
    const input = { maxPages: 5, maxDepth: 0, include: [], exclude: [], userId: null };
    const knowledgeBaseId = await newBase();
    const lost = async () =>
      (await crawls.create(workspaceId, { ...input, knowledgeBaseId, url: site.url('/docs/') }))
        .crawl;
    const first = await lost();
    await expect(sweep()).resolves.toBeGreaterThan(0);
    expect((await ended(client, first)).state).toBe('succeeded');

    site.pages.set('/held/', () => undefined);
    const second = await client.knowledge.crawl(knowledgeBaseId, { url: site.url('/held/') });
    await until('the request', () => site.asked.includes('/held/'));
    await holdfast.temporal.workflow.getHandle(second.id).terminate('by an operator');
    await sweep();
    expect(await ended(client, second)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('workflow was closed'),
    });
  }, 120_000);

  test('goes on in a new history when its own grows long, and replays from all of them', async () => {
    const asked = site.asked.filter((path) => path === '/robots.txt').length;
    const names = Array.from({ length: 200 }, (_, n) => `p${n}`);
    site.pages.set('/long/', page('start', ...names));
    for (const name of names) {
      // Most of them cost nothing but their events.
      site.pages.set(`/long/${name}`, (response) => {
        const robots = Number(name.slice(1)) < 5 ? 'all' : 'noindex';
        response.writeHead(200, { 'content-type': 'text/plain', 'x-robots-tag': robots });
        response.end(`This is ${name}`);
      });
    }
    let busy = true;
    site.pages.set('/short/', page('start', 'a', 'b'));
    site.pages.set('/short/a', page('a'));
    site.pages.set('/short/b', (response) => {
      response.writeHead(busy ? 429 : 404, { 'retry-after': '1' }).end();
      busy = false;
    });
    const base = await newBase();
    const long = { url: site.url('/long/'), maxPages: names.length + 1 };
    const crawl = await ended(client, await client.knowledge.crawl(base, long));
    expect(crawl).toMatchObject({ state: 'succeeded', pages: { fetched: 6, skipped: 195 } });
    expect(await readyDocuments(client, base)).toHaveLength(6);
    expect(site.asked.filter((path) => path === '/robots.txt')).toHaveLength(asked + 1);
    const { workflow } = stack.holdfast.temporal;
    const histories = [];
    const query = `WorkflowId = '${crawl.id}'`;
    const runs = await until('all parts to be listed', async () => {
      const found = [];
      for await (const {
        runId,
        status: { name },
      } of workflow.list({ query }))
        found.push({ runId, name });
      return found.some(({ name }) => name === 'COMPLETED') && found.length > 1 ? found : null;
    });
    for (const { runId } of runs) {
      const history = await workflow.getHandle(crawl.id, runId).fetchHistory();
      expect(history.events?.length).toBeLessThan(1_100);
      histories.push({ workflowId: crawl.id, history });
    }
    for (const [name, url] of [
      ['crawl', site.url('/short/')],
      ['crawl-failed', foreign.url('/')],
    ] as const) {
      const { id } = await client.knowledge.crawl(base, { url });
      const handle = workflow.getHandle(id);
      await handle.result();
      const history = await handle.fetchHistory();
      histories.push({ workflowId: id, history });
      await recordHistory(name, history);
    }
    const codePath = await workflowBundle(join(tmpdir(), 'holdfast-test-cache'));
    const replays = Worker.runReplayHistories({ workflowBundle: { codePath } }, histories);
    for await (const { error } of replays) expect(error).toBeUndefined();
  }, 180_000);
});
