import { describe, expect, test } from '@jest/globals';
import { chain, modelsOf, prepareRun } from './harness.ts';
import type { FullSpec, NodeSpec } from '../../contracts/agent-spec.ts';
import type { Json } from '../../contracts/json.ts';

const SUCCEEDED = { status: 'succeeded' };

async function outputOf(spec: FullSpec, input: Json = {}) {
  const run = prepareRun({ spec, input });
  const { end } = await run.go();
  return { end, output: await run.output(), run };
}

const set = (
  id: string,
  values: Record<string, string>,
  part: Partial<NodeSpec> = {},
): NodeSpec => ({
  id,
  type: 'set',
  config: { values },
  ...part,
});
const end = (value: string): NodeSpec => ({ id: 'end', type: 'end', config: { value } });

describe('the output of a run', () => {
  test('is null when nothing sets it', async () => {
    const { output } = await outputOf(
      chain([set('a', {}), { id: 'end', type: 'end', config: {} }]),
    );
    expect(output).toBeNull();
  });

  test('is the last that an output node set, whatever models said', async () => {
    const models = modelsOf(() => ({ text: 'said' }));
    const model: NodeSpec = { id: 'm', type: 'model', config: { model: { provider: 'default' } } };
    const out = (id: string, value: string): NodeSpec => ({
      id,
      type: 'output',
      config: { value },
    });
    const spec = chain([out('one', '1'), out('two', '2'), model, set('z', {})]);
    const run = prepareRun({ spec, models });
    await run.go();
    expect(await run.output()).toBe(2);
  });

  test('is the last answer of a model when nothing sets it', async () => {
    const models = modelsOf(({ messages }) => ({ text: `said ${messages.length}` }));
    const ask = (id: string): NodeSpec => ({
      id,
      type: 'model',
      config: { model: { provider: 'default' } },
    });
    const run = prepareRun({ spec: chain([ask('a'), ask('b'), set('z', {})]), models });
    await run.go();
    expect(await run.output()).toBe('said 2');
  });

  test.each<[string, Json, string]>([
    ['fits', 7, 'succeeded'],
    ['does not fit', 'seven', 'step.invalid_output'],
  ])('is checked against the schema when it %s', async (_name, input, expected) => {
    const spec = { ...chain([end('input')]), output: { type: 'integer' } };
    const { end: ended } = await outputOf(spec, input);
    expect(ended?.status === 'failed' ? ended.error.code : ended?.status).toBe(expected);
  });

  test('is missed where the schema promises one', async () => {
    const spec = {
      ...chain([{ id: 'end', type: 'end', config: {} }]),
      output: { type: 'object' },
    };
    const { end: ended, run } = await outputOf(spec);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'graph.no_output' } });
    expect(run.journal.run(run.ref).facts.status).toBe('failed');
  });

  test('becomes the thread’s answer when no model spoke', async () => {
    const run = prepareRun({
      spec: chain([end('"hello " + input')]),
      input: 'Bo',
      thread: [{ role: 'user', content: 'Bo' }],
    });
    await run.go();
    expect(run.journal.messages('thr_1').slice(1)).toEqual([
      { role: 'assistant', content: 'hello Bo' },
    ]);
  });
});

describe('a model node', () => {
  const ask = (config: object): NodeSpec => ({
    id: 'ask',
    type: 'model',
    config: { model: { provider: 'default' }, ...config },
  });

  test.each([
    { name: 'no prompt', config: {}, said: ['the input'], kept: 1 },
    { name: 'a prompt', config: { prompt: 'say {{ input }}' }, said: ['say the input'], kept: 0 },
    { name: 'a prompt and history', config: { prompt: 'p', history: true }, said: ['p'], kept: 2 },
    { name: 'neither', config: { history: false }, said: ['the input'], kept: 0 },
  ])('speaks with $name', async ({ config, said, kept }) => {
    const models = modelsOf(() => ({ text: 'ok' }));
    const run = prepareRun({ spec: chain([ask(config)]), models, input: 'the input' });
    expect((await run.go()).end).toEqual(SUCCEEDED);
    expect(models.requests[0]?.messages.map(({ content }) => content)).toEqual(said);
    expect((await run.state())['messages']).toHaveLength(kept);
  });

  test('saves its answer to a channel', async () => {
    const models = modelsOf(() => ({ text: 'ok' }));
    const spec = chain([ask({ save: 'got' }), end('state.got')], { got: { reducer: 'replace' } });
    const run = prepareRun({ spec, models });
    await run.go();
    expect(await run.output()).toBe('ok');
  });
});
