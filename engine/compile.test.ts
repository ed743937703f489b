import { describe, expect, test } from '@jest/globals';
import { compile, type Compiled } from './compile.ts';
import { ONE_ATTEMPT } from './plan.fixture.ts';
import { TEST_REGISTRY } from './registry.fixture.ts';
import type { AgentSpec, EdgeSpec, GraphSpec, NodeSpec } from '../contracts/agent-spec.ts';
import { DEFAULT_BUDGETS } from '../contracts/limits.ts';

function compileGraph(graph: GraphSpec, rest: Partial<AgentSpec> = {}): Compiled {
  return compile({ ...rest, graph }, TEST_REGISTRY);
}

/** Problems as `pointer code`. */
function found(compiled: Compiled): readonly string[] {
  if (!('problems' in compiled)) return [];
  return compiled.problems.map((problem) => `${problem.pointer} ${problem.code}`);
}

const END: NodeSpec = { id: 'end', type: 'end', config: {} };

function set(id: string, rest: Partial<NodeSpec> = {}): NodeSpec {
  return { id, type: 'set', config: {}, ...rest };
}

function go(from: string, to: string): EdgeSpec {
  return { type: 'normal', from, to };
}

describe('compile', () => {
  test('makes a plan with defaults filled in, and the graph for executors', () => {
    const nodes = [
      set('a', { onError: { do: 'goto', node: 'end' }, retry: { maxAttempts: 5 }, timeoutMs: 7 }),
      set('b', { durability: 'step' }),
      END,
    ];
    const edges: EdgeSpec[] = [
      { type: 'conditional', from: 'a', cases: [{ when: 'state.x > 1', to: 'b' }], else: 'end' },
      go('b', 'end'),
    ];
    const compiled = compileGraph(
      { nodes, edges, channels: { x: { reducer: 'replace' } } },
      { budgets: { maxSteps: 9 }, input: { type: 'object' } },
    );
    expect(compiled).toEqual({
      plan: {
        start: 'a',
        budgets: { ...DEFAULT_BUDGETS, maxSteps: 9 },
        nodes: {
          a: {
            type: 'set',
            gear: 'segment',
            timeoutMs: 7,
            heartbeat: false,
            retry: { ...ONE_ATTEMPT, maxAttempts: 5 },
            onErrorGoto: 'end',
            exit: { kind: 'conditional', cases: ['b'], else: 'end' },
            join: null,
            reaches: [],
          },
          b: {
            type: 'set',
            gear: 'step',
            timeoutMs: 1_000,
            heartbeat: false,
            retry: ONE_ATTEMPT,
            onErrorGoto: null,
            exit: { kind: 'normal', to: 'end' },
            join: null,
            reaches: [],
          },
          end: {
            type: 'end',
            gear: 'segment',
            timeoutMs: 1_000,
            heartbeat: false,
            retry: ONE_ATTEMPT,
            onErrorGoto: null,
            exit: { kind: 'none' },
            join: null,
            reaches: [],
          },
        },
      },
      graph: {
        nodes: { a: nodes[0], b: nodes[1], end: END },
        edges: { a: edges[0], b: edges[1] },
        channels: { messages: { reducer: 'append' }, x: { reducer: 'replace' } },
        input: { type: 'object' },
        output: true,
      },
    });
  });

  test('begins where the graph says', () => {
    const compiled = compileGraph({ start: 'b', nodes: [END, set('b')], edges: [go('b', 'end')] });
    expect(compiled).toMatchObject({ plan: { start: 'b' } });
  });

  test('takes the gear of a node from its config where its type says so', () => {
    const tool = (name: string): NodeSpec => ({ id: name, type: 'tool', config: { tool: name } });
    const compiled = compileGraph({
      nodes: [tool('light'), tool('heavy'), END],
      edges: [go('light', 'heavy'), go('heavy', 'end')],
    });
    expect(compiled).toMatchObject({
      plan: { nodes: { light: { gear: 'segment' }, heavy: { gear: 'step' } } },
    });
  });

  test('lets an else be left out, and a loop be', () => {
    const edges: EdgeSpec[] = [
      {
        type: 'conditional',
        from: 'a',
        cases: [
          { when: 'visit < 3', to: 'a' },
          { when: 'true', to: 'end' },
        ],
      },
    ];
    expect(compileGraph({ nodes: [set('a'), END], edges })).toMatchObject({
      plan: { nodes: { a: { exit: { cases: ['a', 'end'], else: null } } } },
    });
  });

  test('reads the shorthand as an agent whose answer is the output', () => {
    const output = { type: 'object' };
    const compiled = compile(
      { model: { provider: 'scripted' }, instructions: 'Help.', tools: [], output },
      TEST_REGISTRY,
    );
    expect(compiled).toMatchObject({
      plan: {
        start: 'agent',
        nodes: { agent: { exit: { to: 'end' }, gear: 'step', heartbeat: true } },
      },
      graph: {
        output,
        nodes: {
          agent: {
            config: { model: { provider: 'scripted' }, instructions: 'Help.', tools: [], output },
          },
        },
      },
    });
    const plain = compile(
      { model: { provider: 'default' }, instructions: '', tools: [] },
      TEST_REGISTRY,
    );
    expect(JSON.stringify(plain)).not.toContain('"output":{');
  });

  test('points into the shorthand where its agent has a problem', () => {
    const registry = {
      ...TEST_REGISTRY,
      nodeType: (type: string) => {
        const known = TEST_REGISTRY.nodeType(type);
        const check = () => [
          { pointer: '/instructions', code: 'expression.invalid', message: 'no' },
        ];
        return known === null ? null : type === 'agent' ? { ...known, check } : known;
      },
    };
    const compiled = compile(
      { model: { provider: 'default' }, instructions: '{{', tools: [], input: { type: 'x' } },
      registry,
    );
    expect(found(compiled)).toEqual([
      '/input/type schema.invalid',
      '/instructions expression.invalid',
    ]);
  });
});

describe('a large graph', () => {
  test('of five hundred nodes in one chain is compiled', () => {
    const nodes = Array.from({ length: 499 }, (_, at) => set(`n${at}`));
    const edges = nodes.map(({ id }, at) => go(id, at === 498 ? 'end' : `n${at + 1}`));
    const compiled = compileGraph({ nodes: [...nodes, END], edges });
    expect(found(compiled)).toEqual([]);
  });

  test('of forks and joins is compiled', () => {
    const nodes: NodeSpec[] = [];
    const edges: EdgeSpec[] = [];
    for (let at = 0; at < 100; at++) {
      nodes.push(
        set(`f${at}`),
        set(`a${at}`),
        set(`b${at}`),
        set(`j${at}`, { join: { mode: 'all' } }),
      );
      edges.push(
        { type: 'fanout', from: `f${at}`, to: [`a${at}`, `b${at}`] },
        go(`a${at}`, `j${at}`),
        go(`b${at}`, `j${at}`),
        go(`j${at}`, at === 99 ? 'end' : `f${at + 1}`),
      );
    }
    expect(found(compileGraph({ nodes: [...nodes, END], edges }))).toEqual([]);
  });
});
