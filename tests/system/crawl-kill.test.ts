import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { ended, readyDocuments } from './crawl-watch.ts';
import { page, startWebSite, type WebSite } from '../fakes/web-site.ts';
import { splitStack, type SplitStack } from '../harness/stack.ts';

describe('a worker killed with -9 in the middle of a crawl', () => {
  let site: WebSite;
  let stack: SplitStack;
  let client: Client;

  beforeAll(async () => {
    site = await startWebSite({});
    stack = await splitStack({ HOLDFAST_HTTP_ALLOW: site.host, HOLDFAST_CRAWL_PAUSE_MS: '0' });
    client = createClient({ baseUrl: (await stack.startApi()).url, apiKey: stack.apiKey });
  }, 120_000);

  afterAll(async () => {
    await stack.stop();
    await site[Symbol.asyncDispose]();
  });

  const NAMES = ['', 'a', 'b', 'c', 'd'].map((name) => `/k/${name}`);

  test.each([
    ['before it notes a page', 'before-page-noted:3', 2],
    ['after it has noted a page', 'after-page-noted:3', 1],
  ])(
    '%s loses nothing and doubles nothing',
    async (what, failpoint, asked) => {
      site.pages.set('/k/', page(`start ${what}`, 'a', 'b', 'c', 'd'));
      for (const name of NAMES.slice(1)) site.pages.set(name, page(`text ${name} ${what}`, './'));
      site.asked.length = 0;
      const base = (await client.knowledge.createBase({ name: what })).id;
      const begun = await client.knowledge.crawl(base, { url: site.url('/k/') });
      const first = await stack.startWorker({ FAILPOINT: failpoint });
      await first.exited;
      expect((await client.knowledge.getCrawl(begun.id)).pages.queued).toBeGreaterThan(0);
      const second = await stack.startWorker();
      const crawl = await ended(client, begun);
      expect(crawl).toMatchObject({ state: 'succeeded', pages: { fetched: 5, unchanged: 0 } });
      expect(await readyDocuments(client, base)).toEqual(NAMES);
      for await (const { id, revision } of client.knowledge.listDocuments(base)) {
        expect(revision).toBe(1);
        expect((await client.knowledge.ingestions(id).page()).items).toHaveLength(1);
      }
      // Only the page that was not noted is asked for again.
      const again = site.asked.filter((path) => path === '/k/b');
      expect([again.length, site.asked.length]).toEqual([asked, NAMES.length + asked]);
      await second.kill();
    },
    180_000,
  );
});
