import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { countingGraph, loopGraph, scriptedAgent } from './graphs.ts';
import { createAgent, oneTo, runSpec, watch } from '../harness/runs.ts';
import { SEARCH_ATTRIBUTES } from '../../temporal/search-attributes.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import type { AgentSpec } from '../../contracts/agent-spec.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
}, 120_000);

afterAll(() => stack.stop(), 60_000);

const ROUTED: AgentSpec = {
  input: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  graph: {
    channels: { seen: { reducer: 'append' }, size: { reducer: 'replace' } },
    nodes: [
      { id: 'route', type: 'set', config: { values: { size: 'input.n > 10 ? "big" : "small"' } } },
      { id: 'left', type: 'set', config: { values: { seen: '"left"' } } },
      { id: 'right', type: 'set', config: { values: { seen: '"right"' } } },
      { id: 'middle', type: 'set', config: { values: { seen: '"middle"' } } },
      { id: 'join', type: 'set', join: { mode: 'all' }, config: { values: { seen: '"joined"' } } },
      { id: 'small', type: 'set', config: { values: { seen: '"small"' } } },
      { id: 'done', type: 'end', config: { value: 'state.seen' } },
    ],
    edges: [
      {
        type: 'conditional',
        from: 'route',
        cases: [{ when: 'state.size == "big"', to: 'middle' }],
        else: 'small',
      },
      { type: 'fanout', from: 'middle', to: ['left', 'right'] },
      { type: 'normal', from: 'left', to: 'join' },
      { type: 'normal', from: 'right', to: 'join' },
      { type: 'normal', from: 'join', to: 'done' },
      { type: 'normal', from: 'small', to: 'done' },
    ],
  },
};

describe('graphs on a real server', () => {
  test.each([
    [20, ['middle', 'left', 'right', 'joined']],
    [3, ['small']],
  ])(
    'take the branch of the condition and join what was fanned out: %i',
    async (n, expected) => {
      const run = await runSpec(stack.client, ROUTED, { n });
      expect(await stack.client.runs.wait(run.id)).toMatchObject({ output: expected });
    },
    60_000,
  );

  test('parallel tools of one model turn answer in the order they were asked for', async () => {
    const script = [
      {
        when: 'turn == 1',
        call: ['1+1', '2+2', '3+3'].map((expression) => ({
          tool: 'calculator',
          arguments: { expression },
        })),
      },
      { say: '{{ messages.filter(m, m.role == "tool").map(m, m.content) }}' },
    ];
    const run = await runSpec(stack.client, scriptedAgent(script, ['calculator']), 'sum');
    const ended = await stack.client.runs.wait(run.id);
    expect(ended.status).toBe('succeeded');
    const digits = JSON.stringify(ended.output).replaceAll(/[^246]/g, '');
    expect(digits.indexOf('2')).toBeLessThan(digits.indexOf('4'));
    expect(digits.indexOf('4')).toBeLessThan(digits.indexOf('6'));
    expect(ended.usage).toMatchObject({ modelCalls: 2, toolCalls: 3 });
  }, 60_000);

  test('an endless loop ends with the budget that stops it', async () => {
    const spec = { ...loopGraph(1_000_000), budgets: { maxSteps: 500 } };
    const run = await runSpec(stack.client, spec);
    const ended = await stack.client.runs.wait(run.id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'budget.exceeded' } });
    expect(ended.error?.message).toContain('maxSteps');
  }, 60_000);

  test('a run too long for one history goes on in the next, without a seam', async () => {
    const run = await runSpec(stack.client, countingGraph(180, 'step'));
    const ended = await stack.client.runs.wait(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', output: 180 });
    const seen = await watch(stack.client, run.id);
    expect(seen.numbers).toEqual(oneTo(ended.lastEventSeq));
    const handle = stack.holdfast.temporal.workflow.getHandle(run.id);
    const [started] = (await handle.fetchHistory()).events ?? [];
    const from = started?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    expect(from).toMatch(/^[0-9a-f-]{36}$/);
  }, 120_000);

  test('twenty identical posts with one Idempotency-Key start one run', async () => {
    const agent = await createAgent(stack.client, countingGraph(2, 'segment'));
    const runs = await Promise.all(
      Array.from({ length: 20 }, () =>
        stack.client.runs.create({ agent, input: {} }, { idempotencyKey: 'race' }),
      ),
    );
    expect(new Set(runs.map((run) => run.id)).size).toBe(1);
    expect((await stack.client.runs.list({ agent }).page()).items).toHaveLength(1);
    await expect(
      stack.client.runs.create({ agent, input: { other: 1 } }, { idempotencyKey: 'race' }),
    ).rejects.toMatchObject({ status: 422, code: 'idempotency.key_reused' });
  }, 60_000);

  test('operators read agent, version, workspace and steps in Temporal', async () => {
    const agent = await createAgent(stack.client, countingGraph(3, 'segment'));
    const run = await stack.client.runs.create({ agent, input: {} });
    await stack.client.runs.wait(run.id);
    const handle = stack.holdfast.temporal.workflow.getHandle(run.id);
    // The journal knows the end a moment before the history does.
    await handle.result();
    const described = await handle.describe();
    const attributes = described.typedSearchAttributes;
    expect(attributes.get(SEARCH_ATTRIBUTES.agent)).toBe(agent);
    expect(attributes.get(SEARCH_ATTRIBUTES.version)).toBe('1');
    expect(attributes.get(SEARCH_ATTRIBUTES.workspace)).toBe(stack.workspaceId);
    const history = historyToJSON(await handle.fetchHistory());
    for (const step of ['n0:1', 'n1:1', 'n2:1', 'done:1']) {
      expect(decodedPayloads(history)).toContain(step);
    }
  }, 60_000);

  test('operators read what a segment is about to run in Temporal', async () => {
    const set = { type: 'set', config: { values: {} } };
    const ids = ['dear', 'classify', 'score', 'done'];
    const run = await runSpec(stack.client, {
      graph: {
        nodes: [
          { ...set, id: 'dear', durability: 'step' },
          { ...set, id: 'classify' },
          { ...set, id: 'score' },
          { id: 'done', type: 'end', config: {} },
        ],
        edges: ids.slice(1).map((to, index) => ({ type: 'normal', from: ids[index] ?? '', to })),
      },
    });
    const handle = stack.holdfast.temporal.workflow.getHandle(run.id);
    await handle.result();
    const { events } = await handle.fetchHistory();
    const summaries = (events ?? [])
      .filter((event) => event.markerRecordedEventAttributes)
      .map(({ userMetadata }) => Buffer.from(userMetadata?.summary?.data ?? []).toString());
    expect(summaries).toEqual(['"segment from the start"', '"segment: classify → score → done"']);
  }, 60_000);
});

/** All payloads of a history as text. */
function decodedPayloads(history: string): string {
  return [...history.matchAll(/"data":\s*"([^"]+)"/g)]
    .map((match) => Buffer.from(match[1] ?? '', 'base64').toString())
    .join('\n');
}
