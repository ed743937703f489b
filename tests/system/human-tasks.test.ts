import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { questionsGraph, scriptedAgent, toolGraph } from './graphs.ts';
import { oneTo, runSpec, watch } from '../harness/runs.ts';
import { SEARCH_ATTRIBUTES } from '../../temporal/search-attributes.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import type { HumanTask } from '../../contracts/human-task.ts';

let stack: Stack;

beforeAll(async () => {
  stack = await startStack();
}, 120_000);

afterAll(() => stack.stop(), 60_000);

async function openTasks(runId: string, count: number): Promise<readonly HumanTask[]> {
  return until(`${count} open tasks`, async () => {
    const { items } = await stack.client.humanTasks.list({ runId, status: 'open' }).page();
    return items.length === count && items;
  });
}

describe('three open questions', () => {
  test('are answered in any order; the same decision again is the same answer', async () => {
    const run = await runSpec(stack.client, questionsGraph(3));
    const tasks = await openTasks(run.id, 3);
    const [a, b, c] = [...tasks].sort((x, y) => x.title.localeCompare(y.title));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three tasks');
    expect((await stack.client.runs.get(run.id)).status).toBe('waiting');
    const handle = stack.holdfast.temporal.workflow.getHandle(run.id);
    const shown = async () =>
      (await handle.describe()).typedSearchAttributes.get(SEARCH_ATTRIBUTES.status);
    await until('operators to see it', async () => (await shown()) === 'waiting');
    const decision = { decisionId: 'mine', kind: 'reject', reason: 'no' } as const;
    const first = await stack.client.humanTasks.decide(c.id, decision);
    const again = await stack.client.humanTasks.decide(c.id, decision);
    expect(again).toEqual(first);
    await expect(
      stack.client.humanTasks.decide(c.id, { decisionId: 'other', kind: 'approve' }),
    ).rejects.toMatchObject({
      code: 'human_task.already_decided',
      message: expect.stringContaining('mine'),
    });
    await stack.client.humanTasks.decide(a.id, { kind: 'answer', value: { text: 'yes' } });
    await stack.client.humanTasks.decide(b.id, { kind: 'approve' });
    const ended = await stack.client.runs.wait(run.id);
    // The state is folded in the graph's order, not in the order of the answers.
    expect(ended).toMatchObject({ status: 'succeeded', output: ['answer', 'approve', 'reject'] });
  }, 60_000);

  test('one of them past its deadline takes the timeout, and a late answer is refused', async () => {
    const run = await runSpec(stack.client, questionsGraph(3, 1_500));
    const tasks = await openTasks(run.id, 3);
    const late = tasks.find((task) => task.deadlineAt !== null);
    if (late === undefined) throw new Error('a task with a deadline');
    await until('the deadline', async () => {
      return (await stack.client.humanTasks.get(late.id)).status === 'expired';
    });
    await expect(
      stack.client.humanTasks.decide(late.id, { kind: 'approve' }),
    ).rejects.toMatchObject({ code: 'human_task.expired' });
    for (const task of tasks.filter(({ id }) => id !== late.id)) {
      await stack.client.humanTasks.decide(task.id, { kind: 'approve' });
    }
    const ended = await stack.client.runs.wait(run.id);
    expect(ended.output).toEqual(['approve', 'approve', 'timeout']);
    const seen = await watch(stack.client, run.id);
    expect(seen.numbers).toEqual(oneTo(ended.lastEventSeq));
    expect(seen.types.filter((type) => type === 'human_task.expired')).toHaveLength(1);
  }, 60_000);

  test('ten people answer one question at once: one decision stands, nine are refused', async () => {
    const run = await runSpec(stack.client, questionsGraph(1));
    const [task] = await openTasks(run.id, 1);
    if (task === undefined) throw new Error('a task');
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        stack.client.humanTasks.decide(task.id, {
          decisionId: `person-${index}`,
          kind: index % 2 === 0 ? 'approve' : 'reject',
        }),
      ),
    );
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      expect(result.reason).toMatchObject({ code: 'human_task.already_decided' });
    }
    expect((await stack.client.runs.wait(run.id)).status).toBe('succeeded');
  }, 60_000);

  test('an answer that does not fit the form is refused with the place', async () => {
    const run = await runSpec(stack.client, questionsGraph(1));
    const [task] = await openTasks(run.id, 1);
    await expect(
      stack.client.humanTasks.decide(task?.id ?? '', { kind: 'answer', value: { text: 7 } }),
    ).rejects.toMatchObject({
      code: 'human_task.invalid_decision',
      problems: [expect.objectContaining({ pointer: expect.stringContaining('/text') })],
    });
    await stack.client.runs.cancel(run.id);
    expect((await stack.client.humanTasks.get(task?.id ?? '')).status).toBe('cancelled');
  }, 60_000);
});

describe('tool approval', () => {
  const graph = toolGraph('calculator', { expression: '6 * 7' }, 'always');

  test('approve lets the call happen as shown', async () => {
    const run = await runSpec(stack.client, graph);
    const [task] = await openTasks(run.id, 1);
    expect(task).toMatchObject({
      kind: 'tool_approval',
      subject: { tool: 'calculator', arguments: { expression: '6 * 7' } },
    });
    await stack.client.humanTasks.decide(task?.id ?? '', { kind: 'approve' });
    const ended = await stack.client.runs.wait(run.id);
    expect(JSON.stringify(ended.output)).toContain('42');
  }, 60_000);

  test('edit replaces the arguments', async () => {
    const run = await runSpec(stack.client, graph);
    const [task] = await openTasks(run.id, 1);
    await stack.client.humanTasks.decide(task?.id ?? '', {
      kind: 'edit',
      value: { expression: '2 + 3' },
    });
    const ended = await stack.client.runs.wait(run.id);
    expect(JSON.stringify(ended.output)).toContain('5');
  }, 60_000);

  test('a rejected call of an agent is told to the model', async () => {
    const spec = scriptedAgent([
      { when: 'turn == 1', call: [{ tool: 'calculator', arguments: { expression: '1+1' } }] },
      { say: 'The tool said: {{ last }}' },
    ]);
    const run = await runSpec(stack.client, {
      ...spec,
      tools: [{ name: 'calculator', approval: 'always' }],
    });
    const [task] = await openTasks(run.id, 1);
    await stack.client.humanTasks.decide(task?.id ?? '', { kind: 'reject', reason: 'too risky' });
    const ended = await stack.client.runs.wait(run.id);
    expect(ended.status).toBe('succeeded');
    expect(ended.output).toContain('too risky');
  }, 60_000);
});
