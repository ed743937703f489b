import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDevServer, type DevServer } from '../../temporal/server/dev-server.ts';
import { loopGraph, questionsGraph } from './graphs.ts';
import { oneTo, runSpec, watch } from '../harness/runs.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

let folder: string;
let port: number;
let server: DevServer;
let stack: Stack;

function start(): Promise<DevServer> {
  return startDevServer({
    binary: process.env['HOLDFAST_TEST_TEMPORAL_BINARY'] ?? 'temporal',
    port,
    dbFile: join(folder, 'temporal.db'),
    namespace: 'default',
    stateDir: folder,
    log: () => undefined,
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-temporal-'));
  port = await freePort();
  server = await start();
  stack = await startStack({
    TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    TEMPORAL_NAMESPACE: 'default',
  });
}, 120_000);

afterAll(async () => {
  await stack.stop();
  await server.stop();
});

test('runs survive a Temporal server that is killed and restarted on its file', async () => {
  const waiting = await runSpec(stack.client, questionsGraph(1));
  const task = await until('the question', async () => {
    const page = await stack.client.humanTasks.list({ runId: waiting.id, status: 'open' }).page();
    return page.items[0];
  });
  process.kill(server.process.pid, 'SIGKILL');
  await server.process.exited;
  // Accepted while Temporal is away: it starts when the server is back.
  const accepted = await runSpec(stack.client, loopGraph(5));
  expect(accepted.status).toBe('queued');
  server = await start();
  await stack.client.humanTasks.decide(task.id, { kind: 'approve' });
  expect(await stack.client.runs.wait(waiting.id)).toMatchObject({
    status: 'succeeded',
    output: ['approve'],
  });
  const ended = await stack.client.runs.wait(accepted.id);
  expect(ended).toMatchObject({ status: 'succeeded', output: { n: 5, trail: 5 } });
  const seen = await watch(stack.client, accepted.id);
  expect(seen.numbers).toEqual(oneTo(ended.lastEventSeq));
}, 180_000);
