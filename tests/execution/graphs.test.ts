import { describe, expect, test } from '@jest/globals';
import { chain, countingTool, prepareRun } from './harness.ts';
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

describe('state', () => {
  test('is written by all expressions of a node at once', async () => {
    const spec = chain([set('swap', { a: 'state.b', b: 'state.a' }), end('[state.a, state.b]')], {
      a: { reducer: 'replace', default: 1 },
      b: { reducer: 'replace', default: 2 },
    });
    expect((await outputOf(spec)).output).toEqual([2, 1]);
  });

  test('follows the reducer of each channel', async () => {
    const spec = chain(
      [
        set('one', { r: '1', a: '1', m: '{"x": 1, "y": 1}' }),
        set('two', { r: '2', a: '[2, 3]', m: '{"y": 2}' }),
        end('[state.r, state.a, state.m]'),
      ],
      { r: { reducer: 'replace' }, a: { reducer: 'append' }, m: { reducer: 'merge' } },
    );
    expect((await outputOf(spec)).output).toEqual([2, [1, 2, 3], { x: 1, y: 2 }]);
  });

  test('is the same over a loop longer than many snapshots', async () => {
    const rounds = 100;
    const spec: FullSpec = {
      graph: {
        channels: {
          n: { reducer: 'replace', default: 0 },
          trail: { reducer: 'append' },
          big: { reducer: 'replace', default: '' },
        },
        nodes: [
          set('add', { n: 'state.n + 1', trail: 'state.n + 1' }),
          set('note', { big: 'state.n == 7 ? input.big : state.big' }),
          end('[state.n, state.trail, size(state.big)]'),
        ],
        edges: [
          { type: 'normal', from: 'add', to: 'note' },
          {
            type: 'conditional',
            from: 'note',
            cases: [{ when: `state.n < ${rounds}`, to: 'add' }],
            else: 'end',
          },
        ],
      },
    };
    const { output, run } = await outputOf(spec, { big: 'b'.repeat(40_000) });
    expect(output).toEqual([rounds, Array.from({ length: rounds }, (_, i) => i + 1), 40_000]);
    // Another process folds the same from the snapshots.
    expect((await run.state())['trail']).toHaveLength(rounds);
  });

  test('joins parallel branches in the graph’s order, whichever is faster', async () => {
    const delays: Record<string, number> = { a: 40, b: 5, c: 20 };
    const tool = countingTool('idempotent', {}, async (args) => {
      await new Promise((resolve) => setTimeout(resolve, delays[args['name'] as string]));
      return args['name'] ?? null;
    });
    const branch = (id: string): NodeSpec[] => [
      { id, type: 'tool', config: { tool: tool.name, arguments: { name: id }, save: 'all' } },
      set(`${id}2`, { all: `state.all[size(state.all) - 1] + "2"` }),
    ];
    const spec: FullSpec = {
      graph: {
        channels: { all: { reducer: 'append' } },
        nodes: [
          set('start', { all: '"start"' }),
          ...['a', 'b', 'c'].flatMap(branch),
          { ...end('state.all'), join: { mode: 'all' } },
        ],
        edges: [
          { type: 'fanout', from: 'start', to: ['a', 'b', 'c'] },
          ...['a', 'b', 'c'].flatMap((id) => [
            { type: 'normal' as const, from: id, to: `${id}2` },
            { type: 'normal' as const, from: `${id}2`, to: 'end' },
          ]),
        ],
      },
    };
    const run = prepareRun({ spec, tools: [tool] });
    expect((await run.go()).end).toEqual(SUCCEEDED);
    expect(await run.output()).toEqual(['start', 'a', 'a2', 'b', 'b2', 'c', 'c2']);
  });

  test('lets a join go on with the first branch, and closes what the others asked', async () => {
    const spec: FullSpec = {
      graph: {
        channels: {},
        nodes: [
          set('start', {}),
          { id: 'ask', type: 'human', config: { title: 'Slow', allow: ['approve'] } },
          set('fast', {}),
          {
            id: 'gate',
            type: 'human',
            config: { title: 'Gate', allow: ['approve'] },
            join: { mode: 'any' },
          },
          end('"won"'),
        ],
        edges: [
          { type: 'fanout', from: 'start', to: ['ask', 'fast'] },
          { type: 'normal', from: 'ask', to: 'gate' },
          { type: 'normal', from: 'fast', to: 'gate' },
          { type: 'normal', from: 'gate', to: 'end' },
        ],
      },
    };
    const run = prepareRun({ spec });
    const waiting = await run.go();
    expect(waiting.tokens.map(({ nodeId }) => nodeId)).toEqual(['gate']);
    expect(run.tasks().map(({ title, status }) => [title, status])).toEqual([
      ['Slow', 'cancelled'],
      ['Gate', 'open'],
    ]);
    expect(run.events('step.cancelled')).toHaveLength(1);
  });
});

describe('conditions', () => {
  const spec = (cases: readonly string[], withElse = true): FullSpec => {
    const targets = [...['a', 'b'].slice(0, cases.length), ...(withElse ? ['c'] : [])];
    return {
      graph: {
        channels: { n: { reducer: 'replace', default: 0 } },
        nodes: [
          set('first', { n: 'input.n' }),
          ...targets.map((id) => ({ id, type: 'end', config: { value: `"${id}"` } })),
        ],
        edges: [
          {
            type: 'conditional',
            from: 'first',
            cases: cases.map((when, i) => ({ when, to: ['a', 'b'][i] ?? 'b' })),
            ...(withElse ? { else: 'c' } : {}),
          },
        ],
      },
    };
  };

  test.each([
    ['input.n == 1', 1, 'a'],
    ['state.n > 5', 6, 'a'],
    ['result.n == 3 && visit == 1', 3, 'a'],
    ['input.n < 0', 2, 'b'],
    ['input.n < 0', 9, 'c'],
  ])('take the first case that holds: %s with %d', async (when, n, expected) => {
    const { output, run } = await outputOf(spec([when, 'state.n < 5']), { n });
    expect(output).toBe(expected);
    const taken = { a: 0, b: 1, c: -1 }[expected];
    expect(run.events('step.completed')[0]?.data['take']).toBe(taken);
  });

  test('fail the run when none holds and there is no else', async () => {
    const { end: ended } = await outputOf(spec(['false'], false), { n: 1 });
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'graph.no_branch' } });
  });

  test('fail the step when they cannot be evaluated', async () => {
    const { end: ended, run } = await outputOf(spec(['input.missing.x == 1']), { n: 1 });
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'expression.failed' } });
    expect(run.events('step.failed')).toHaveLength(1);
  });
});
