import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { agentSpec, chain, countingTool, modelsCalling, prepareRun } from './harness.ts';
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
    const { steps } = await run.journal.loadDeltas(run.ref, 0, [{ after: '', upTo: '~' }]);
    // The message itself stays readable, so that lists of messages need not be fetched.
    expect(steps[1]?.deltas[0]?.value).toMatchObject({
      role: 'tool',
      content: { $blob: expect.any(String) },
    });
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
