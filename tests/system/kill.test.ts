import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgent, oneTo, runSpec, watch } from '../harness/runs.ts';
import { loopGraph, questionsGraph, scriptedAgent, toolGraph } from './graphs.ts';
import { splitStack, type SplitStack } from '../harness/stack.ts';
import { startToolServer, type ToolServer } from '../fakes/tool-server.ts';
import { until } from '../harness/until.ts';
import type { Client } from '../../client/index.ts';
import type { TestProcess } from '../harness/processes.ts';

let sink: ToolServer;
let stack: SplitStack;
let client: Client;
let api: { process: TestProcess; url: string };

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-sink-'));
  sink = await startToolServer(join(folder, 'journal.jsonl'));
  stack = await splitStack({ HOLDFAST_TOOLS: 'tests/fakes/sink-tools.ts', SINK_URL: sink.url });
  api = await stack.startApi();
  client = stack.client(api.url);
}, 120_000);

afterAll(async () => {
  await stack.stop();
  await sink.close();
});

/** Effects of a label that really happened. */
function applied(label: string): number {
  return sink.deliveries(label).filter((item) => item.applied).length;
}

describe.each(['before', 'after'] as const)(
  'a worker killed with -9 while tools are called, %s their effects',
  (hold) => {
    const tools = ['sink_pure', 'sink_idempotent', 'sink_keyed', 'sink_once'];
    const label = (tool: string): string => `${hold}-${tool}`;
    const runs = new Map<string, string>();
    let next: TestProcess;

    beforeAll(async () => {
      const worker = await stack.startWorker();
      for (const tool of tools) {
        const run = await runSpec(client, toolGraph(tool, { label: label(tool), hold }));
        runs.set(tool, run.id);
      }
      await until('the calls to arrive', () =>
        tools.every((tool) => sink.held().includes(label(tool))),
      );
      await worker.kill();
      next = await stack.startWorker();
    }, 120_000);

    afterAll(async () => next.stop());

    const ended = (tool: string) => client.runs.wait(runs.get(tool) ?? '');

    test.each([
      ['sink_pure', 2],
      ['sink_idempotent', 2],
      ['sink_keyed', 1],
    ])(
      '%s is called again, with its key',
      async (tool, effectsAfter) => {
        const run = await ended(tool);
        expect(run).toMatchObject({ status: 'succeeded', output: { label: label(tool) } });
        expect(applied(label(tool))).toBe(hold === 'before' ? 1 : effectsAfter);
        const deliveries = sink.deliveries(label(tool));
        expect(deliveries).toHaveLength(hold === 'before' ? 1 : 2);
        expect(new Set(deliveries.map(({ key }) => key)).size).toBe(1);
      },
      120_000,
    );

    test('sink_once is not called again but asked about', async () => {
      const runId = runs.get('sink_once') ?? '';
      const task = await until('the question', async () => {
        const { items } = await client.humanTasks.list({ runId, status: 'open' }).page();
        return items[0];
      });
      expect(task.kind).toBe('unknown_outcome');
      const happened = hold === 'after';
      await client.humanTasks.decide(task.id, {
        kind: 'answer',
        value: happened ? { happened, result: { told: true } } : { happened },
      });
      const run = await ended('sink_once');
      expect(run.status).toBe('succeeded');
      expect(run.output).toMatchObject(happened ? { told: true } : { label: label('sink_once') });
      expect(applied(label('sink_once'))).toBe(1);
    }, 120_000);
  },
);

describe('a worker killed with -9 elsewhere', () => {
  test('between a model call and its commit: the run goes on and every stream is whole', async () => {
    const agent = await createAgent(client, scriptedAgent([{ say: 'Four words are streamed.' }]));
    const doomed = await stack.startWorker({ FAILPOINT: 'after-effect' });
    const run = await client.runs.create({ agent, input: 'hello' });
    const watching = watch(client, run.id);
    await doomed.exited;
    const next = await stack.startWorker();
    const seen = await watching;
    expect(seen.numbers).toEqual(oneTo(seen.numbers.length));
    expect(seen.types).toContain('step.retrying');
    expect(seen.types.at(-1)).toBe('run.succeeded');
    expect((await client.runs.get(run.id)).output).toBe('Four words are streamed.');
    await next.stop();
  }, 120_000);

  test('while people are waited for: each question is still open, and answered once', async () => {
    const first = await stack.startWorker();
    const run = await runSpec(client, questionsGraph(2));
    const tasks = await until('both questions', async () => {
      const { items } = await client.humanTasks.list({ runId: run.id, status: 'open' }).page();
      return items.length === 2 && items;
    });
    await first.kill();
    const next = await stack.startWorker();
    for (const task of tasks) await client.humanTasks.decide(task.id, { kind: 'approve' });
    const ended = await client.runs.wait(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', output: ['approve', 'approve'] });
    await next.stop();
  }, 120_000);

  test('in the middle of a segment: no finished step is executed again', async () => {
    const doomed = await stack.startWorker({ FAILPOINT: 'after-commit:25' });
    const run = await runSpec(client, loopGraph(40));
    const watching = watch(client, run.id);
    await doomed.exited;
    const before = await client.runs.events(run.id, { limit: 1000 });
    const next = await stack.startWorker();
    const ended = await client.runs.wait(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', output: { n: 40, trail: 40 } });
    const after = await client.runs.events(run.id, { limit: 1000 });
    expect(after.items.slice(0, before.items.length)).toEqual(before.items);
    const steps = after.items.flatMap((event) =>
      event.type === 'step.completed' ? [event.stepId] : [],
    );
    expect(new Set(steps).size).toBe(steps.length);
    expect(steps).toHaveLength(81);
    const seen = await watching;
    expect(seen.numbers).toEqual(oneTo(after.items.length));
    await next.stop();
  }, 120_000);
});

describe('an API killed with -9', () => {
  test('between the commit and the reply: the repeated post finds its run, and it runs', async () => {
    const worker = await stack.startWorker();
    const agent = await createAgent(client, loopGraph(3));
    const doomed = await stack.startApi({ FAILPOINT: 'api-after-commit' });
    const lost = fetch(`${doomed.url}/v1/runs`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${stack.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': 'lost-reply',
      },
      body: JSON.stringify({ agent, input: {} }),
    });
    await expect(lost).rejects.toThrow();
    await doomed.process.exited;
    const again = await client.runs.create({ agent, input: {} }, { idempotencyKey: 'lost-reply' });
    const { items } = await client.runs.list({ agent }).page();
    expect(items.map((run) => run.id)).toEqual([again.id]);
    expect((await client.runs.wait(again.id)).status).toBe('succeeded');
    await worker.stop();
  }, 120_000);

  test('in the middle of a stream: the client resumes without gap or duplicate', async () => {
    const worker = await stack.startWorker();
    const doomed = await stack.startApi();
    const run = await runSpec(client, questionsGraph(1));
    const seen: number[] = [];
    const port = new URL(doomed.url).port;
    const watching = (async () => {
      for await (const event of stack.client(doomed.url).runs.stream(run.id)) {
        if (event.type !== 'token') seen.push(event.seq);
      }
    })();
    const task = await until('the question', async () => {
      const { items } = await client.humanTasks.list({ runId: run.id, status: 'open' }).page();
      return items[0];
    });
    await until('the stream to show it', () => seen.length >= 3);
    await doomed.process.kill();
    const back = await stack.startApi({ HOLDFAST_PORT: port });
    await client.humanTasks.decide(task.id, { kind: 'approve' });
    await watching;
    const run2 = await client.runs.get(run.id);
    expect(seen).toEqual(oneTo(run2.lastEventSeq));
    await back.process.stop();
    await worker.stop();
  }, 120_000);
});
