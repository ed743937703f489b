import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { chain, countingTool, modelsOf, prepareRun } from './harness.ts';
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

describe('a step that fails', () => {
  const failing = (part: Partial<NodeSpec>): FullSpec => ({
    graph: {
      channels: { got: { reducer: 'replace' } },
      nodes: [
        { id: 'act', type: 'tool', config: { tool: 'count_idempotent', save: 'got' }, ...part },
        end('state.got'),
        ...(part.onError?.do === 'goto' ? [rescue] : []),
      ],
      edges: [{ type: 'normal', from: 'act', to: 'end' }],
    },
  });
  const rescue: NodeSpec = { id: 'rescue', type: 'end', config: { value: '"rescued"' } };
  const broken = () =>
    countingTool('idempotent', {}, () => {
      throw new AppError('tool.failed', 'broken');
    });

  test('fails the run by default, after its attempts', async () => {
    const tool = broken();
    const run = prepareRun({ spec: failing({ retry: { maxAttempts: 2 } }), tools: [tool] });
    const frontier = await run.go();
    expect(frontier.end).toEqual({
      status: 'failed',
      error: { code: 'tool.failed', message: 'broken' },
    });
    expect(tool.executed).toHaveLength(2);
    expect(run.events().slice(-2)).toMatchObject([
      { type: 'step.failed', data: { error: { code: 'tool.failed' } } },
      { type: 'run.failed', data: { error: { code: 'tool.failed' } } },
    ]);
  });

  test('goes on with a default value', async () => {
    const run = prepareRun({
      spec: failing({ onError: { do: 'continue', value: { none: true } } }),
      tools: [broken()],
    });
    expect((await run.go()).end).toEqual(SUCCEEDED);
    expect(await run.output()).toEqual({ none: true });
    expect(run.events('step.completed')[0]?.data['error']).toMatchObject({ code: 'tool.failed' });
  });

  test('sends the run to another node', async () => {
    const run = prepareRun({
      spec: failing({ onError: { do: 'goto', node: 'rescue' } }),
      tools: [broken()],
    });
    expect((await run.go()).end).toEqual(SUCCEEDED);
    expect(await run.output()).toBe('rescued');
  });

  test('fails without being tried again when trying is no use', async () => {
    const models = modelsOf(() => new AppError('model.auth', 'bad key'));
    const spec = chain([{ id: 'ask', type: 'model', config: { model: { provider: 'default' } } }]);
    const run = prepareRun({ spec, models });
    expect((await run.go()).end).toMatchObject({ error: { code: 'model.auth' } });
    expect(models.requests).toHaveLength(1);
  });

  test('is given up when it takes longer than its time limit', async () => {
    const models = {
      call: (_request: unknown, { signal }: { signal: AbortSignal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    };
    const node: NodeSpec = {
      id: 'ask',
      type: 'model',
      config: { model: { provider: 'default' } },
      timeoutMs: 20,
      retry: { maxAttempts: 2 },
    };
    const run = prepareRun({ spec: chain([node]), models });
    expect((await run.go()).end).toMatchObject({ error: { code: 'step.timed_out' } });
  });

  test('reports an expression that cannot be evaluated', async () => {
    const { end: ended } = await outputOf(
      chain([set('bad', { n: 'input.a.b.c' })], { n: { reducer: 'replace' } }),
    );
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'expression.failed' } });
  });

  test('reports a write that does not fit the channel', async () => {
    const { end: ended } = await outputOf(
      chain([set('bad', { n: '7' })], { n: { reducer: 'merge' } }),
    );
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'step.invalid_output' } });
  });

  test('reports a value that looks like a reference', async () => {
    const spec = chain([set('bad', { n: '{"$blob": "abc"}' })], { n: { reducer: 'replace' } });
    expect((await outputOf(spec)).end).toMatchObject({ error: { code: 'value.reserved_key' } });
  });
});
