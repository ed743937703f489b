import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { oneTo, runSpec, watch } from '../harness/runs.ts';
import { openAiAgent } from './graphs.ts';
import { startOpenAiServer, type OpenAiServer } from '../fakes/openai-server.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';

let vendor: OpenAiServer;
let stack: Stack;

beforeAll(async () => {
  vendor = await startOpenAiServer();
  stack = await startStack({ OPENAI_API_KEY: 'test-key-canary', OPENAI_BASE_URL: vendor.url });
}, 120_000);

afterAll(async () => {
  await vendor.close();
  await stack.stop();
}, 60_000);

describe('the openai provider, over HTTP', () => {
  test('streams an answer', async () => {
    const run = await runSpec(stack.client, openAiAgent(), 'plain words');
    const seen = await watch(stack.client, run.id);
    expect(seen.numbers).toEqual(oneTo(seen.numbers.length));
    const ended = await stack.client.runs.get(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', output: 'You said: plain words' });
    expect(ended.usage.inputTokens).toBeGreaterThan(0);
  }, 60_000);

  test('calls tools in parallel', async () => {
    const input = '#call calculator {"expression":"20+1"}\n#call calculator {"expression":"2*2"}';
    const run = await runSpec(stack.client, openAiAgent(['calculator']), input);
    const ended = await stack.client.runs.wait(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', usage: { modelCalls: 2, toolCalls: 2 } });
    expect(ended.output).toContain('21');
    expect(ended.output).toContain('4');
  }, 60_000);

  test.each(['#429', '#500'])(
    'tries again after %s',
    async (fault) => {
      const run = await runSpec(stack.client, openAiAgent(), `${fault} for ${Date.now()}`);
      const ended = await stack.client.runs.wait(run.id);
      expect(ended.status).toBe('succeeded');
    },
    60_000,
  );

  test('tells the client to drop the partial text of a stream that was cut', async () => {
    const run = await runSpec(stack.client, openAiAgent(), `#cut at ${Date.now()}`);
    const seen = await watch(stack.client, run.id);
    expect(seen.types).toContain('step.retrying');
    const retry = (await stack.client.runs.events(run.id)).items.find(
      (event) => event.type === 'step.retrying',
    );
    expect(retry?.data).toMatchObject({ dropText: true });
    expect((await stack.client.runs.get(run.id)).status).toBe('succeeded');
  }, 60_000);

  test('gives a silent vendor up and asks again', async () => {
    const run = await runSpec(stack.client, openAiAgent([], 800), `#silence at ${Date.now()}`);
    expect((await stack.client.runs.wait(run.id)).status).toBe('succeeded');
  }, 60_000);

  test('lets the model correct malformed arguments', async () => {
    const run = await runSpec(stack.client, openAiAgent(['calculator']), '#malformed please');
    const ended = await stack.client.runs.wait(run.id);
    expect(ended.status).toBe('succeeded');
    expect(ended.output).toMatch(/JSON|arguments/i);
  }, 60_000);

  test.each([
    ['#401', 'model.auth'],
    ['#context', 'model.context_overflow'],
  ])(
    'does not repeat %s',
    async (fault, code) => {
      const before = vendor.requests.length;
      const run = await runSpec(stack.client, openAiAgent(), `${fault}:always`);
      const ended = await stack.client.runs.wait(run.id);
      expect(ended).toMatchObject({ status: 'failed', error: { code } });
      expect(vendor.requests.length - before).toBe(1);
      expect(JSON.stringify(ended)).not.toContain('test-key-canary');
    },
    60_000,
  );

  test('a cancel in the middle of a stream closes the vendor connection', async () => {
    const run = await runSpec(stack.client, openAiAgent(), '#slow:600x100');
    const request = await until('the request', () =>
      vendor.requests.find((item) => JSON.stringify(item.body).includes('#slow:600x100')),
    );
    await until('some text', async () => {
      for await (const event of stack.client.runs.stream(run.id)) {
        if (event.type === 'token') return true;
      }
      return false;
    });
    const cancelled = await stack.client.runs.cancel(run.id);
    expect(cancelled).toMatchObject({ status: 'cancelled' });
    await request.closed;
    expect(request.closedByClient).toBe(true);
    const events = await stack.client.runs.events(run.id);
    expect(events.items.at(-1)?.type).toBe('run.cancelled');
  }, 60_000);
});
