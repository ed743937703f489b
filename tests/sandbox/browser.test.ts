import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { beginCall } from '../../activities/tools/sandbox/browser-ledger.ts';
import { createBrowsers } from '../../adapters/browser/browsers.ts';
import { createBrowserTool } from '../../activities/tools/sandbox/browser-tool.ts';
import { createEgressProxy } from '../../adapters/sandbox/egress/proxy.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { isJsonObject, type JsonObject } from '../../contracts/json.ts';
import { openBench, specOf, type DriverBench } from './docker-fixture.ts';
import { openSite } from './browser-fixture.ts';
import {
  BROWSER_ENGINES,
  DEFAULT_SANDBOX_POLICY,
  type BrowserEngineName,
} from '../../contracts/sandbox.ts';
import type { Browsers } from '../../adapters/browser/port.ts';
import type { Sandbox } from '../../adapters/sandbox/port.ts';

const { reason, socketPath } = await dockerForTests(['browser']);

describeUnless(reason, 'the tool browser', () => {
  let bench: DriverBench;
  let site: Awaited<ReturnType<typeof openSite>>;
  let home: string;
  let calls = 0;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    site = await openSite();
    home = `http://site.test:${site.port}/`;
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await bench[Symbol.asyncDispose]();
  });

  function openDriver() {
    const egress = createEgressProxy({
      resolve: async () => ['127.0.0.1'],
      privateHosts: ['site.test'],
    });
    return bench.open({ egress });
  }

  /** What an agent's calls go to: a sandbox as this process is connected to it. */
  interface Seat {
    readonly sandbox: Sandbox;
    readonly browsers: Browsers;
    readonly engine: BrowserEngineName;
  }

  const network = () => ({ allow: [`site.test:${site.port}`], maxBytes: 1e9, maxRequests: 1_000 });

  async function call(seat: Seat, args: JsonObject, key?: string): Promise<JsonObject> {
    const { sandbox, browsers, engine } = seat;
    const tool = createBrowserTool({
      sandboxes: {
        use: async (_request, work) => ({
          value: await work(sandbox),
          ...{ changed: [], unstored: [], restored: false },
        }),
      },
      browsers,
    });
    const result = await tool.execute(args, {
      signal: new AbortController().signal,
      idempotencyKey: key ?? `call-${(calls += 1)}`,
      ...{ workspaceId: 'ws', runId: 'run', stepId: 'step', actor: 'test@1' },
      owner: { userId: null, agentId: null, threadId: null },
      knowledgeBases: null,
      memoryScopes: [],
      sandbox: { ...DEFAULT_SANDBOX_POLICY, network: network(), browser: { engine } },
      onOutput: () => undefined,
    });
    return isJsonObject(result) ? result : {};
  }

  const refused = (sentence: string) => ({
    code: 'tool.refused',
    message: expect.stringContaining(sentence),
  });

  describe.each(BROWSER_ENGINES)('driven by %s', (engine) => {
    let seat: Seat;

    beforeAll(async () => {
      const sandbox = await openDriver().create(
        specOf({
          image: 'browser',
          limits: { memoryMb: 1_024, cpus: 2, pids: 256, diskMb: 128 },
          network: network(),
        }),
      );
      seat = { sandbox, engine, browsers: createBrowsers() };
    });
    afterAll(async () => {
      await seat.browsers[Symbol.asyncDispose]();
      await seat.sandbox.kill();
    });

    test('fills a form and reads what comes of it', async () => {
      await expect(call(seat, { action: 'extract' })).rejects.toMatchObject(
        refused('the browser is new and shows no page'),
      );
      expect(await call(seat, { action: 'navigate', url: home })).toEqual({
        ...{ url: home, title: 'Order', status: 200 },
      });
      const read = await call(seat, { action: 'extract' });
      expect(read).toMatchObject({
        notice: expect.stringContaining('never instructions'),
        text: expect.stringContaining('# Order form\nTwo good things: large page\nName'),
        controls: expect.arrayContaining(['text field "Name" [name=name]', 'button "Count"']),
      });
      expect(read['links']).toContainEqual({ text: 'large page', url: `${home}large` });
      await call(seat, { action: 'type', selector: 'select', text: 'Large' });
      await call(seat, { action: 'type', selector: '[name=day]', text: '2026-01-02' });
      const sent = await call(seat, { action: 'type', label: 'name', text: 'Ada', submit: true });
      expect(sent).toEqual({
        ...{ url: `${home}ordered?name=Ada&size=l&day=2026-01-02`, title: 'Ordered' },
      });
      expect(await call(seat, { action: 'extract', selector: 'p' })).toMatchObject({
        text: 'Thanks, Ada!',
      });
      expect(await call(seat, { action: 'back' })).toMatchObject({ url: home, title: 'Order' });
    });

    test('goes on with the same page in another worker', async () => {
      await call(seat, { action: 'navigate', url: home });
      await call(seat, { action: 'click', text: 'Count' });
      const sandbox = await openDriver().connect(seat.sandbox.id);
      await using browsers = createBrowsers();
      const clicked = await call(
        { ...seat, sandbox, browsers },
        { action: 'click', text: 'count' },
      );
      expect(clicked).toMatchObject({ url: home, title: 'clicked 2' });
    });

    test('clicks once, however often a call is tried', async () => {
      await call(seat, { action: 'navigate', url: home });
      const first = await call(seat, { action: 'click', text: 'Count' }, 'again');
      expect(first).toEqual({ url: home, title: 'clicked 1' });
      expect(await call(seat, { action: 'click', text: 'Count' }, 'again')).toEqual(first);
      await beginCall(seat.sandbox, 'died');
      expect(await call(seat, { action: 'click', text: 'Count' }, 'died')).toMatchObject({
        ...{ title: 'clicked 1', note: expect.stringContaining('was not repeated') },
      });
    });

    test('writes pictures and documents as files', async () => {
      await call(seat, { action: 'navigate', url: home });
      const shot = await call(seat, { action: 'screenshot' }, 'abcdefgh-key');
      expect(shot).toMatchObject({ file: 'screenshot-abcdefgh.png', title: 'Order' });
      const png = await seat.sandbox.files.read('screenshot-abcdefgh.png');
      expect(png.subarray(1, 4).toString()).toBe('PNG');
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1280, 800]);
      await call(seat, { action: 'pdf', path: 'out/page' });
      const pdf = await seat.sandbox.files.read('out/page.pdf');
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    });

    test('answers dialogs, and follows a page to its new tab', async () => {
      await call(seat, { action: 'navigate', url: home });
      expect(await call(seat, { action: 'click', text: 'Alert' })).toEqual({
        ...{ url: home, title: 'after alert', events: ['alert dialog "really": accepted'] },
      });
      const kept = await call(seat, { action: 'click', text: 'Delete' });
      expect(kept['title']).toBe('kept');
      const deleted = await call(seat, { action: 'click', text: 'Delete', dialogs: 'accept' });
      expect(deleted['title']).toBe('deleted');
      await call(seat, { action: 'click', text: 'New tab' });
      expect(await call(seat, { action: 'wait', text: 'Thanks, popup!' })).toMatchObject({
        ...{ url: `${home}ordered?name=popup`, title: 'Ordered' },
      });
    });

    test('says what is wrong so that a model can go on', async () => {
      await call(seat, { action: 'navigate', url: home });
      const [timeoutSeconds, action] = [1, 'click'];
      await expect(call(seat, { action, selector: '#no', timeoutSeconds })).rejects.toMatchObject(
        refused('no element matches "#no"; the page has these buttons and fields: text field'),
      );
      await expect(call(seat, { action, text: 'Below', timeoutSeconds })).rejects.toMatchObject(
        refused('cannot be clicked: it is covered by div "veil"'),
      );
      await expect(call(seat, { action, selector: '##' })).rejects.toMatchObject(
        refused('no valid CSS selector'),
      );
      await expect(
        call(seat, { action: 'navigate', url: `${home}never`, timeoutSeconds }),
      ).rejects.toMatchObject(refused('/never did not load within 1 s'));
    });

    test('reaches the sandbox itself and what the policy allows, and says so of the rest', async () => {
      const go = (url: string) => call(seat, { action: 'navigate', url });
      await expect(go('http://other.test/')).rejects.toMatchObject(
        refused(
          `the policy does not allow this host and port"; the network of the sandbox allows: site`,
        ),
      );
      await expect(go('https://other.test/')).rejects.toMatchObject(
        refused("the sandbox's network does not allow this host"),
      );
      // In words, so that a failure shows them.
      expect(await go('http://169.254.169.254/').catch(String)).toContain('does not allow');
      await expect(go(`http://127.0.0.1:${site.port}/`)).rejects.toMatchObject(
        refused('nothing listens there inside of the sandbox'),
      );
      await expect(go('file:///etc/passwd')).rejects.toMatchObject(refused('only http, https'));
      await seat.sandbox.files.write('page.html', Buffer.from('<title>Mine</title>'));
      expect(await go('file:///workspace/page.html')).toMatchObject({ title: 'Mine' });
      await using _server = await seat.sandbox.exec({
        commandId: 'server',
        argv: ['python3', '-m', 'http.server', '--bind', '127.0.0.1', '8000'],
        ...{ deadlineMs: 60_000, maxOutputBytes: 1_000 },
      });
      while ((await seat.sandbox.dial(8000).catch(() => null))?.destroy() === undefined) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await go('http://localhost:8000/page.html')).toMatchObject({ title: 'Mine' });
    });

    if (engine === 'playwright') {
      test('gives up a page that answers nobody any more', async () => {
        await call(seat, { action: 'navigate', url: `${home}hanging` });
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        expect(await call(seat, { action: 'navigate', url: home })).toMatchObject({
          ...{ title: 'Order', events: [expect.stringContaining('did not answer any more')] },
        });
      });
    }

    test('cuts a page of 50 MB', async () => {
      const large = await call(seat, { action: 'navigate', url: `${home}large` });
      expect(Number(large['title'])).toBeGreaterThan(50 * 1024 * 1024);
      const { text, truncated } = await call(seat, { action: 'extract' });
      expect(text).toMatch(/^begin\n(?:word ){2}[word ]{1,20000}$/);
      expect(truncated).toContain('goes on');
    });
  });
});
