import { describe, expect, test } from '@jest/globals';
import { agentSpec, chain, countingTool, decision, modelsCalling, prepareRun } from './harness.ts';
import type { Decision, HumanTask } from '../../contracts/human-task.ts';
import type { JsonObject } from '../../contracts/json.ts';

const SUCCEEDED = { status: 'succeeded' };
const PARAMETERS = {
  type: 'object',
  properties: { to: { type: 'string' } },
  required: ['to'],
  additionalProperties: false,
};

/** An agent that calls a tool under approval; answers with what it was told and the task. */
async function approving(decide: Decision) {
  const tool = countingTool('once', { parameters: PARAMETERS });
  const models = modelsCalling([{ name: tool.name, arguments: { to: 'bob' } }]);
  const tools = [{ name: tool.name, approval: 'always' }];
  const run = prepareRun({ spec: agentSpec([], { tools }), tools: [tool], models });
  const asked: HumanTask[] = [];
  const frontier = await run.go({
    decide: async (task) => {
      asked.push(task);
      expect(tool.executed).toEqual([]);
      return decide;
    },
  });
  expect(frontier.end).toEqual(SUCCEEDED);
  expect(asked).toHaveLength(1);
  const told = models.requests[1]?.messages.at(-1);
  return { tool, told, task: asked[0], run };
}

describe('a tool under approval', () => {
  test('is executed once it is approved', async () => {
    const { tool, told, task } = await approving(decision('approve'));
    expect(tool.executed).toEqual([{ to: 'bob' }]);
    expect(told).toMatchObject({ content: '{"to":"bob"}', isError: false });
    expect(task).toMatchObject({
      kind: 'tool_approval',
      subject: { tool: 'count_once', arguments: { to: 'bob' } },
      form: PARAMETERS,
      allowed: ['approve', 'edit', 'reject'],
    });
  });

  test('is executed with the arguments that a person gave', async () => {
    const { tool, told } = await approving(decision('edit', { value: { to: 'eve' } }));
    expect(tool.executed).toEqual([{ to: 'eve' }]);
    expect(told).toMatchObject({ content: '{"to":"eve"}' });
  });

  test.each<[string, Partial<Decision>]>([
    ['do not fit', { value: { to: 7 } }],
    ['are no object', { value: 'eve' }],
    ['are missing', {}],
  ])('is not executed when edited arguments %s', async (_name, part) => {
    const { tool, told } = await approving(decision('edit', part));
    expect(tool.executed).toEqual([]);
    expect(told).toMatchObject({ isError: true });
  });

  test('is not executed when it is rejected, and the model learns why', async () => {
    const { tool, told } = await approving(decision('reject', { reason: 'too dear' }));
    expect(tool.executed).toEqual([]);
    expect(told).toMatchObject({ isError: true, content: 'rejected: too dear' });
  });

  test('fails a tool node when it is rejected', async () => {
    const tool = countingTool('pure');
    const config = { tool: tool.name, approval: 'always' };
    const spec = chain([{ id: 'act', type: 'tool', config }]);
    const run = prepareRun({ spec, tools: [tool] });
    const { end } = await run.go({ decide: async () => decision('reject', { reason: 'no' }) });
    expect(end).toMatchObject({ status: 'failed', error: { code: 'human_task.rejected' } });
  });

  test('waits on its own while calls beside it go on', async () => {
    const free = countingTool('pure', { name: 'free' });
    const held = countingTool('keyed', { name: 'held' });
    const models = modelsCalling([{ name: 'held' }, { name: 'free' }, { name: 'held' }]);
    const tools = [
      { name: 'free', approval: 'never' },
      { name: 'held', approval: 'always' },
    ];
    const run = prepareRun({ spec: agentSpec([], { tools }), tools: [free, held], models });
    const waiting = await run.go();
    expect(waiting.end).toBeNull();
    expect(free.executed).toHaveLength(1);
    expect(run.tasks().map(({ status }) => status)).toEqual(['open', 'open']);
    const [first] = run.tasks();
    const one = await run.go({
      decide: async ({ id }) => (id === first?.id ? decision('approve') : null),
    });
    expect(one.end).toBeNull();
    expect(held.executed).toHaveLength(1);
    const done = await run.go({ decide: async () => decision('reject') });
    expect(done.end).toEqual(SUCCEEDED);
    expect(free.executed).toHaveLength(1);
    expect(models.requests[1]?.messages.map((m) => (m.role === 'tool' ? m.isError : null))).toEqual(
      [null, null, false, false, true],
    );
  });
});

describe('ask_human', () => {
  test('gives the answer to the model', async () => {
    const form = { type: 'object', properties: { ok: { type: 'boolean' } } };
    const question = { question: 'May I?', form, context: { a: 1 } };
    const models = modelsCalling([{ name: 'ask_human', arguments: question }]);
    const run = prepareRun({ spec: agentSpec(['ask_human']), models });
    await run.go();
    expect(run.tasks()).toMatchObject([
      { kind: 'question', title: 'May I?', subject: { a: 1 }, form, allowed: ['answer'] },
    ]);
    const { end } = await run.go({
      decide: async () => decision('answer', { value: { ok: true } }),
    });
    expect(end).toEqual(SUCCEEDED);
    expect(models.requests[1]?.messages.at(-1)?.content).toBe('{"ok":true}');
  });

  test('refuses a form that is no schema', async () => {
    const form = { type: 'nonsense' };
    const models = modelsCalling([{ name: 'ask_human', arguments: { question: 'x', form } }]);
    const run = prepareRun({ spec: agentSpec(['ask_human']), models });
    expect((await run.go()).end).toEqual(SUCCEEDED);
    expect(models.requests[1]?.messages.at(-1)).toMatchObject({ isError: true });
    expect(run.tasks()).toEqual([]);
  });
});

describe('a human node', () => {
  const spec = (config: JsonObject = {}) =>
    chain(
      [
        { id: 'draft', type: 'set', config: { values: { text: '"draft " + input.name' } } },
        {
          id: 'review',
          type: 'human',
          config: {
            title: 'Review for {{ input.name }}',
            description: 'Visit {{ visit }}',
            subject: 'state.text',
            allow: ['approve', 'edit', 'reject'],
            assignees: ['ann'],
            save: 'verdict',
            ...config,
          },
        },
        { id: 'end', type: 'end', config: { value: 'state.verdict' } },
      ],
      { text: { reducer: 'replace' }, verdict: { reducer: 'replace' } },
    );
  const input = { name: 'Bo' };

  test.each([
    ['approve', decision('approve'), { decision: 'approve', value: 'draft Bo', reason: null }],
    ['edit', decision('edit', { value: 'better' }), { decision: 'edit', value: 'better' }],
    [
      'reject',
      decision('reject', { reason: 'bad' }),
      { decision: 'reject', value: null, reason: 'bad', by: 'key_1' },
    ],
  ])('goes on with the decision: %s', async (_name, decided, result) => {
    const run = prepareRun({ spec: spec(), input });
    await run.go();
    expect(run.tasks()).toMatchObject([
      {
        kind: 'review',
        title: 'Review for Bo',
        description: 'Visit 1',
        subject: 'draft Bo',
        assignees: ['ann'],
        deadlineAt: null,
      },
    ]);
    expect((await run.go({ decide: async () => decided })).end).toEqual(SUCCEEDED);
    expect(await run.output()).toMatchObject(result);
  });

  test('fails when nobody decides in time', async () => {
    const run = prepareRun({ spec: spec({ timeoutMs: 1_000, onTimeout: 'fail' }), input });
    const { end } = await run.go({ decide: async () => 'timeout' });
    expect(end).toMatchObject({ status: 'failed', error: { code: 'human_task.expired' } });
  });

  test('goes on without a decision where it may', async () => {
    const run = prepareRun({ spec: spec({ timeoutMs: 1_000, onTimeout: 'continue' }), input });
    const waiting = await run.go();
    expect(waiting.tokens[0]?.waitingFor?.deadlineAt).toBeGreaterThan(Date.now() - 10_000);
    expect((await run.go({ decide: async () => 'timeout' })).end).toEqual(SUCCEEDED);
    expect(await run.output()).toEqual({
      decision: 'timeout',
      value: null,
      reason: null,
      by: null,
    });
  });

  test('asks anew at each visit of a loop', async () => {
    const loop = spec();
    const run = prepareRun({
      spec: {
        graph: {
          ...loop.graph,
          edges: [
            { type: 'normal', from: 'draft', to: 'review' },
            {
              type: 'conditional',
              from: 'review',
              cases: [{ when: 'result.decision == "reject"', to: 'draft' }],
              else: 'end',
            },
          ],
        },
      },
      input,
    });
    let asked = 0;
    const { end } = await run.go({
      decide: async () => {
        asked += 1;
        return asked < 4 ? decision('reject') : decision('approve');
      },
    });
    expect(end).toEqual(SUCCEEDED);
    expect(new Set(run.tasks().map(({ id }) => id)).size).toBe(4);
  });
});
