import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from '@temporalio/worker';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { countingGraph, loopGraph, questionsGraph, scriptedAgent, toolGraph } from './graphs.ts';
import { GOLDEN, recordHistory, type History } from '../harness/record-history.ts';
import { runSpec } from '../harness/runs.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import type { AgentSpec } from '../../contracts/agent-spec.ts';

async function replay(histories: ReadonlyMap<string, History>): Promise<readonly string[]> {
  const codePath = await workflowBundle(join(tmpdir(), 'holdfast-test-cache'));
  const failures: string[] = [];
  const inputs = [...histories].map(([workflowId, history]) => ({ workflowId, history }));
  const results = Worker.runReplayHistories({ workflowBundle: { codePath } }, inputs);
  let replayed = 0;
  for await (const result of results) {
    replayed += 1;
    if (result.error !== undefined) failures.push(`${result.workflowId}: ${result.error.message}`);
  }
  expect(replayed).toBe(histories.size);
  return failures;
}

async function goldenHistories(): Promise<ReadonlyMap<string, History>> {
  const names = (await readdir(GOLDEN)).filter((name) => name.endsWith('.json'));
  const entries = names.map(async (name) => {
    const json: unknown = JSON.parse(await readFile(join(GOLDEN, name), 'utf8'));
    return [name, historyFromJSON(json)] as const;
  });
  return new Map(await Promise.all(entries));
}

test('every recorded history replays without a server', async () => {
  const histories = await goldenHistories();
  expect(histories.size).toBeGreaterThanOrEqual(5);
  expect(await replay(histories)).toEqual([]);
}, 120_000);

test('recorded histories name no folder of the machine that they come from', async () => {
  for (const name of await readdir(GOLDEN)) {
    const text = await readFile(join(GOLDEN, name), 'utf8');
    expect([name, /\(\/[^)]*/.exec(text)]).toEqual([name, null]);
  }
}, 120_000);

test('a history that does not fit the code is noticed', async () => {
  const [name, history] = [...(await goldenHistories())].find(
    ([file]) => file === 'steps.json',
  ) ?? ['', { events: [] }];
  const events = (history.events ?? []).map((event) =>
    event.activityTaskScheduledEventAttributes
      ? {
          ...event,
          activityTaskScheduledEventAttributes: {
            ...event.activityTaskScheduledEventAttributes,
            activityType: { name: 'anotherActivity' },
          },
        }
      : event,
  );
  const failures = await replay(new Map([[name, { ...history, events }]]));
  expect(failures).toHaveLength(1);
}, 120_000);

describe('runs of today', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  }, 120_000);

  afterAll(() => stack.stop());

  const AGENT = scriptedAgent(
    [
      { when: 'turn == 1', call: [{ tool: 'calculator', arguments: { expression: '2*21' } }] },
      { say: 'It is {{ last }}.' },
    ],
    ['calculator'],
  );
  const CASES: readonly (readonly [string, AgentSpec])[] = [
    ['steps', countingGraph(4, 'step')],
    ['segment', countingGraph(12, 'segment')],
    ['long-segments', loopGraph(150)],
    ['agent-with-tool', AGENT],
    ['people', questionsGraph(3)],
    ['approval', toolGraph('calculator', { expression: '1+1' }, 'always')],
    ['cancelled', questionsGraph(1)],
    ['failed', toolGraph('calculator', { expression: '1/(' })],
    ['deadline', questionsGraph(2, 500)],
  ];

  test('replay from their histories', async () => {
    const histories = new Map<string, History>();
    for (const [name, spec] of CASES) {
      const run = await runSpec(stack.client, spec, 'go');
      if (name === 'cancelled') {
        await until('the question', async () => {
          return (await stack.client.runs.get(run.id)).status === 'waiting';
        });
        await stack.client.runs.cancel(run.id);
      } else {
        await answerAll(run.id);
      }
      const ended = await stack.client.runs.wait(run.id);
      expect([name, ended.status]).toEqual([name, expectedStatus(name)]);
      const handle = stack.holdfast.temporal.workflow.getHandle(run.id);
      await handle.result().catch(() => undefined);
      histories.set(name, await handle.fetchHistory());
    }
    for (const [name, history] of histories) await recordHistory(name, history);
    expect(await replay(histories)).toEqual([]);
  }, 180_000);

  /** Approves whatever a run asks until it has ended. */
  async function answerAll(runId: string): Promise<void> {
    await until('the end', async () => {
      const { items } = await stack.client.humanTasks.list({ runId, status: 'open' }).page();
      for (const task of items) {
        if (task.deadlineAt !== null) continue;
        await stack.client.humanTasks.decide(task.id, { kind: 'approve' });
      }
      const { status } = await stack.client.runs.get(runId);
      return ['succeeded', 'failed', 'cancelled'].includes(status);
    });
  }
});

function expectedStatus(name: string): string {
  if (name === 'cancelled') return 'cancelled';
  return name === 'failed' ? 'failed' : 'succeeded';
}
