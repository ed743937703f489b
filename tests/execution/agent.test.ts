import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { agentSpec, chain, countingTool, modelsCalling, modelsOf, prepareRun } from './harness.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Tool } from '../../activities/tools/tool.ts';

const SUCCEEDED = { status: 'succeeded' };

/** Runs an agent that makes one call of the tool, and answers with what the model was told. */
async function toldOf(
  tool: Tool,
  call: { arguments?: JsonObject; malformed?: string; name?: string } = {},
) {
  const models = modelsCalling([{ name: tool.name, ...call }]);
  const run = prepareRun({ spec: agentSpec([tool.name]), tools: [tool], models });
  expect((await run.go()).end).toEqual(SUCCEEDED);
  const told = models.requests.at(-1)?.messages.find(({ role }) => role === 'tool');
  return { run, told };
}

describe('an agent', () => {
  test('calls tools until it answers', async () => {
    const tool = countingTool('pure');
    const models = modelsCalling([{ name: tool.name, arguments: { a: 1 } }]);
    const run = prepareRun({ spec: agentSpec([tool.name]), tools: [tool], models, input: 'hi' });
    const frontier = await run.go();
    expect(frontier.end).toEqual(SUCCEEDED);
    expect(frontier.used).toEqual({ modelCalls: 2, toolCalls: 1, inputTokens: 6, outputTokens: 4 });
    expect(await run.output()).toBe('done');
    expect(tool.executed).toEqual([{ a: 1 }]);
    expect(models.requests[1]?.messages).toEqual([
      { role: 'user', content: 'hi' },
      {
        role: 'assistant',
        content: '',
        toolCalls: [{ id: 'call_0', name: tool.name, arguments: { a: 1 } }],
      },
      { role: 'tool', toolCallId: 'call_0', name: tool.name, content: '{"a":1}', isError: false },
    ]);
    expect(run.events().map(({ type }) => type)).toEqual([
      'run.created',
      'run.started',
      ...Array.from({ length: 4 }, () => ['step.started', 'step.completed']).flat(),
      'run.succeeded',
    ]);
  });

  test.each([
    ['text', 'hello', 'hello'],
    ['a message', { message: 'hello', more: 1 }, 'hello'],
    ['anything else', { b: 1, a: [2] }, '{"a":[2],"b":1}'],
  ])('takes %s as the user’s message', async (_name, input: Json, content) => {
    const models = modelsOf(() => ({ text: 'ok' }));
    await prepareRun({ spec: agentSpec([]), models, input }).go();
    expect(models.requests[0]?.messages).toEqual([{ role: 'user', content }]);
  });

  test('speaks in its thread, and adds what was said to it', async () => {
    const models = modelsOf(() => ({ text: 'fine' }));
    const thread = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'hi' },
      { role: 'user', content: 'how are you?' },
    ] as const;
    const run = prepareRun({ spec: agentSpec([]), models, thread, input: 'how are you?' });
    await run.go();
    expect(models.requests[0]?.messages.map(({ content }) => content)).toEqual([
      'hello',
      'hi',
      'how are you?',
    ]);
    expect(run.journal.messages('thr_1').slice(3)).toEqual([
      { role: 'assistant', content: 'fine' },
    ]);
  });

  test('fills in its instructions and its prompt, which stays the same through the loop', async () => {
    const tool = countingTool('pure');
    const models = modelsCalling([{ name: tool.name }]);
    const spec = agentSpec([tool.name], {
      instructions: 'Speak {{ input.language }}.',
      prompt: 'About {{ input.topic }}, visit {{ visit }}',
    });
    const run = prepareRun({
      spec,
      tools: [tool],
      models,
      input: { language: 'Latin', topic: 'bees' },
    });
    await run.go();
    expect(models.requests.map(({ instructions }) => instructions)).toEqual([
      'Speak Latin.',
      'Speak Latin.',
    ]);
    expect(models.requests.map(({ messages }) => messages[0]?.content)).toEqual([
      'About bees, visit 1',
      'About bees, visit 1',
    ]);
    expect(models.requests[1]?.messages).toHaveLength(3);
  });

  test('answers with structured output and saves it', async () => {
    const output = { type: 'object', properties: { n: { type: 'integer' } } };
    const models = modelsOf((request) => ({ output: { n: request.output === null ? 0 : 7 } }));
    const spec = agentSpec([], { output, save: 'found' });
    const run = prepareRun({
      spec: { graph: { ...spec.graph, channels: { found: { reducer: 'replace' } } } },
      models,
    });
    await run.go();
    expect(await run.output()).toEqual({ n: 7 });
    expect((await run.state())['found']).toEqual({ n: 7 });
  });

  test('keeps the order of parallel calls whatever their speed', async () => {
    const delays = [30, 5, 15, 0];
    const tool = countingTool('idempotent', {}, async (args) => {
      await new Promise((resolve) => setTimeout(resolve, delays[Number(args['n'])]));
      return args;
    });
    const calls = delays.map((_, n) => ({ name: tool.name, arguments: { n } }));
    const models = modelsCalling(calls);
    const run = prepareRun({ spec: agentSpec([tool.name]), tools: [tool], models });
    await run.go();
    const told = models.requests[1]?.messages.filter(({ role }) => role === 'tool');
    expect(told?.map(({ content }) => content)).toEqual(
      calls.map(({ arguments: a }) => JSON.stringify(a)),
    );
  });

  test('answers surplus calls with an error', async () => {
    const tool = countingTool('pure', { light: true });
    const many = Array.from({ length: LIMITS.parallelToolCalls + 3 }, () => ({ name: tool.name }));
    const models = modelsCalling(many);
    const run = prepareRun({ spec: agentSpec([tool.name]), tools: [tool], models });
    expect((await run.go()).end).toEqual(SUCCEEDED);
    expect(tool.executed).toHaveLength(LIMITS.parallelToolCalls);
    const told = models.requests[1]?.messages.filter(({ role }) => role === 'tool') ?? [];
    expect(told).toHaveLength(many.length);
    expect(told.filter((m) => m.role === 'tool' && m.isError)).toHaveLength(3);
  });

  test('fails when it has no answer within its turns', async () => {
    const tool = countingTool('pure');
    const models = modelsOf(() => ({
      toolCalls: [{ id: 'x', name: tool.name, arguments: {} }],
    }));
    const spec = agentSpec([tool.name], { maxTurns: 3 });
    const run = prepareRun({ spec, tools: [tool], models });
    expect((await run.go()).end).toMatchObject({
      status: 'failed',
      error: { code: 'budget.exceeded' },
    });
    expect(models.requests).toHaveLength(3);
    expect(run.events('run.failed')).toHaveLength(1);
  });

  test('streams its text and voids that of a lost attempt', async () => {
    let calls = 0;
    const models = modelsOf(() => ({ text: 'hello' }));
    const flaky = {
      call: async (...args: Parameters<typeof models.call>) => {
        calls += 1;
        if (calls === 1) {
          args[1].onText('hel');
          throw new AppError('model.stream_cut', 'cut');
        }
        return models.call(...args);
      },
    };
    const run = prepareRun({ spec: agentSpec([]), models: flaky });
    const pauses: number[] = [];
    await run.go({ sleep: async (ms) => void pauses.push(ms) });
    expect(await run.output()).toBe('hello');
    expect(pauses).toEqual([1_000]);
    expect(run.events('step.retrying')).toMatchObject([{ data: { dropText: true } }]);
  });
});

describe('a model is told when its tool call', () => {
  test.each([
    ['names no tool', { name: 'nothing' }, 'there is no tool "nothing"'],
    ['was not JSON', { malformed: '{"a":' }, 'not a JSON object'],
  ])('%s', async (_name, call, content) => {
    const tool = countingTool('once');
    const { told } = await toldOf(tool, call);
    expect(told).toMatchObject({ isError: true, content: expect.stringContaining(content) });
    expect(tool.executed).toEqual([]);
  });

  test('names a tool that it was not given', async () => {
    const tool = countingTool('pure');
    const models = modelsCalling([{ name: 'calculator', arguments: { expression: '1+1' } }]);
    const run = prepareRun({ spec: agentSpec([tool.name]), tools: [tool], models });
    await run.go();
    expect(models.requests[1]?.messages.at(-1)).toMatchObject({ isError: true });
  });

  test('does not fit the parameters', async () => {
    const parameters = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    };
    const tool = countingTool('once', { parameters });
    const { told } = await toldOf(tool, { arguments: { n: 'x' } });
    expect(told).toMatchObject({ isError: true, content: expect.stringContaining('/n') });
    expect(tool.executed).toEqual([]);
  });

  test.each([
    ['a function', () => () => 1],
    ['nothing', () => undefined],
    ['a big integer', () => 1n],
    ['not a number', () => ({ a: [NaN] })],
    ['a date', () => new Date(0)],
    [
      'a cycle',
      () => {
        const value: Record<string, unknown> = {};
        value['self'] = value;
        return value;
      },
    ],
    ['a forged reference', () => ({ $blob: 'abc' })],
  ])('resulted in %s', async (_name, make) => {
    const tool = countingTool('pure', {}, () => make() as unknown as Json);
    const { told, run } = await toldOf(tool);
    expect(told).toMatchObject({ isError: true, content: expect.stringContaining('count_pure') });
    expect(tool.executed).toHaveLength(1);
    expect(await run.output()).toBe('done');
  });

  test('resulted in 40 MB', async () => {
    const tool = countingTool('pure', {}, () => 'x'.repeat(40 * 1024 * 1024));
    const { told } = await toldOf(tool);
    expect(told).toMatchObject({ isError: true, content: expect.stringContaining('larger than') });
  });

  test('was refused', async () => {
    const tool = countingTool('idempotent', {}, () => {
      throw new AppError('tool.refused', 'not on Sundays');
    });
    const { told } = await toldOf(tool);
    expect(told).toMatchObject({ isError: true, content: 'not on Sundays' });
    expect(tool.executed).toHaveLength(1);
  });

  test('failed at every attempt', async () => {
    const tool = countingTool('idempotent', {}, () => {
      throw new AppError('tool.failed', 'no route');
    });
    const { told } = await toldOf(tool);
    expect(told).toMatchObject({ isError: true, content: 'no route' });
    expect(tool.executed).toHaveLength(3);
    expect(new Set(tool.keys).size).toBe(1);
  });

  test('took too long', async () => {
    const tool = countingTool('idempotent', { timeoutMs: 20 }, () => new Promise(() => undefined));
    const { told } = await toldOf(tool);
    expect(told).toMatchObject({ isError: true, content: expect.stringContaining('20 ms') });
  });

  test('failed with what must not be shown', async () => {
    const tool = countingTool('pure', {}, () => {
      throw new Error('password=hunter2');
    });
    const { told, run } = await toldOf(tool);
    expect(told).toMatchObject({ isError: true, content: 'count_pure failed unexpectedly' });
    expect(JSON.stringify(run.events())).not.toContain('hunter2');
  });
});

describe('a large result', () => {
  test('travels by reference and reaches the model whole', async () => {
    const text = 'y'.repeat(5_000_000);
    const tool = countingTool('pure', {}, () => text);
    const { told, run } = await toldOf(tool);
    expect(told?.content).toBe(text);
    expect(JSON.stringify(run.events()).length).toBeLessThan(20_000);
  });

  test('comes out as the output of the run', async () => {
    const text = 'z'.repeat(2_000_000);
    const tool = countingTool('pure', {}, () => text);
    const run = prepareRun({
      spec: chain(
        [
          { id: 'get', type: 'tool', config: { tool: tool.name, save: 'big' } },
          { id: 'size', type: 'set', config: { values: { n: 'size(state.big)' } } },
          { id: 'end', type: 'end', config: { value: '[state.n, state.big]' } },
        ],
        { big: { reducer: 'replace' }, n: { reducer: 'replace' } },
      ),
      tools: [tool],
    });
    expect((await run.go()).end).toEqual(SUCCEEDED);
    expect(await run.output()).toEqual([2_000_000, text]);
  });
});
