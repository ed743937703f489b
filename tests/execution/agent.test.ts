import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { agentSpec, countingTool, modelsCalling, modelsOf, prepareRun } from './harness.ts';
import type { Json } from '../../contracts/json.ts';

const SUCCEEDED = { status: 'succeeded' };

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
    ] as const;
    const run = prepareRun({ spec: agentSpec([]), models, thread, input: 'how are you?' });
    await run.go();
    expect(models.requests[0]?.messages.map(({ content }) => content)).toEqual([
      'hello',
      'hi',
      'how are you?',
    ]);
    expect(run.journal.messages('thr_1').slice(2)).toEqual([
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
