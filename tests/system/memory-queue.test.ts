import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { runSpec } from '../harness/runs.ts';
import { scriptedAgent } from './graphs.ts';
import { splitStack, startStack, type SplitStack, type Stack } from '../harness/stack.ts';
import { startWebSite, type WebSite } from '../fakes/web-site.ts';
import { until } from '../harness/until.ts';

let bases = 0;

/** Begins to ingest so many documents; answers with the ids of their ingestions. */
async function addDocuments(client: Client, count: number): Promise<readonly string[]> {
  bases += 1;
  const base = await client.knowledge.createBase({ name: `base ${bases}` });
  const ids: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const added = await client.knowledge.addDocument(base.id, {
      name: `${i}.txt`,
      text: `No. ${i}.`,
    });
    ids.push(added.ingestion?.id ?? '');
  }
  return ids;
}

describe('a worker whose only place for memory is taken by a site that does not answer', () => {
  let site: WebSite;
  let stack: Stack;
  let release: () => void;

  beforeAll(async () => {
    const { promise: released, resolve } = Promise.withResolvers<undefined>();
    release = () => resolve(undefined);
    site = await startWebSite({
      '/robots.txt': (response) => void released.then(() => response.writeHead(404).end()),
    });
    stack = await startStack({
      HOLDFAST_CONCURRENT_STEPS: '1',
      HOLDFAST_CONCURRENT_MEMORY_STEPS: '1',
      HOLDFAST_HTTP_ALLOW: site.host,
    });
    const base = await stack.client.knowledge.createBase({ name: 'crawled' });
    await stack.client.knowledge.crawl(base.id, { url: site.url('/') });
    await until('the site to be asked', () => site.asked.length > 0);
  }, 120_000);

  afterAll(async () => {
    release();
    await stack.stop();
    await site[Symbol.asyncDispose]();
  });

  test('serves runs nonetheless', async () => {
    const run = await runSpec(stack.client, scriptedAgent([{ say: 'Here I am.' }]), 'hello');
    expect(await stack.client.runs.wait(run.id)).toMatchObject({ status: 'succeeded' });
  }, 60_000);

  test('gives each workspace its turn afterwards', async () => {
    const { workspaces, apiKeys } = stack.holdfast.installation;
    const { id } = await workspaces.create({ name: 'small' });
    const { key: apiKey } = await apiKeys.create(id, { name: 'small', role: 'admin' });
    const small = createClient({ baseUrl: stack.url, apiKey });
    const many = await addDocuments(stack.client, 20);
    const [one = ''] = await addDocuments(small, 1);
    release();
    expect(await small.knowledge.waitForIngestion(one)).toMatchObject({ state: 'succeeded' });
    const states = await Promise.all(
      many.map(async (each) => (await stack.client.knowledge.ingestion(each)).state),
    );
    expect(states.filter((state) => state === 'succeeded').length).toBeLessThan(many.length / 2);
    for (const each of many) {
      const { state } = await stack.client.knowledge.waitForIngestion(each);
      expect(state).toBe('succeeded');
    }
  }, 60_000);
});

describe('workers that serve one queue each', () => {
  let stack: SplitStack;

  beforeAll(async () => {
    stack = await splitStack();
  }, 60_000);
  afterAll(() => stack.stop());

  test('share the work: one has runs, the other one what memory and knowledge do', async () => {
    const api = await stack.startApi();
    const client = stack.client(api.url);
    const agents = await stack.startWorker({ HOLDFAST_WORKER_QUEUES: 'agents' });
    const [id = ''] = await addDocuments(client, 1);
    const run = await runSpec(client, scriptedAgent([{ say: 'Here I am.' }]), 'hello');
    expect(await client.runs.wait(run.id)).toMatchObject({ status: 'succeeded' });
    expect(await client.knowledge.ingestion(id)).toMatchObject({ state: 'running' });
    await stack.startWorker({ HOLDFAST_WORKER_QUEUES: 'memory' });
    expect(await client.knowledge.waitForIngestion(id)).toMatchObject({ state: 'succeeded' });
    await agents.kill();
    const waiting = await runSpec(client, scriptedAgent([{ say: 'Later.' }]), 'hello');
    const [next = ''] = await addDocuments(client, 1);
    await stack.startWorker({ HOLDFAST_WORKER_QUEUES: 'agents' });
    expect(await client.runs.wait(waiting.id)).toMatchObject({ status: 'succeeded' });
    expect(await client.knowledge.waitForIngestion(next)).toMatchObject({ state: 'succeeded' });
  }, 120_000);
});
