import { describe, expect, test } from '@jest/globals';
import { compile, type Compiled } from './compile.ts';
import { TEST_REGISTRY } from './registry.fixture.ts';
import type { AgentSpec, EdgeSpec, GraphSpec, NodeSpec } from '../contracts/agent-spec.ts';

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

describe('problems of a graph', () => {
  const two = (...edges: EdgeSpec[]): GraphSpec => ({ nodes: [set('a'), END], edges });

  test.each<[string, GraphSpec, readonly string[]]>([
    [
      'a node twice',
      { nodes: [set('a'), set('a'), END], edges: [go('a', 'end')] },
      ['/graph/nodes/1/id graph.duplicate_node'],
    ],
    [
      'an unknown type',
      { nodes: [{ ...set('a'), type: 'magic' }, END], edges: [go('a', 'end')] },
      ['/graph/nodes/0/type node.unknown_type'],
    ],
    [
      'a config of a wrong shape',
      { nodes: [{ ...set('a'), type: 'save', config: { more: 1 } }, END], edges: [go('a', 'end')] },
      [
        '/graph/nodes/0/config/channel schema.required',
        '/graph/nodes/0/config/more schema.additionalProperties',
      ],
    ],
    [
      'an unknown channel',
      {
        nodes: [{ ...set('a'), type: 'save', config: { channel: 'x' } }, END],
        edges: [go('a', 'end')],
      },
      ['/graph/nodes/0/config/channel graph.unknown_channel'],
    ],
    [
      'an expression that is none',
      {
        nodes: [{ ...set('a'), type: 'save', config: { channel: 'messages', value: '1 +' } }, END],
        edges: [go('a', 'end')],
      },
      ['/graph/nodes/0/config/value expression.invalid'],
    ],
    [
      'a template that is none',
      {
        nodes: [{ ...set('a'), type: 'save', config: { channel: 'messages', value: '"{{"' } }, END],
        edges: [go('a', 'end')],
      },
      ['/graph/nodes/0/config/value expression.invalid'],
    ],
    [
      'an unknown tool',
      {
        nodes: [{ ...set('a'), type: 'tool', config: { tool: 'x' } }, END],
        edges: [go('a', 'end')],
      },
      ['/graph/nodes/0/config/tool tool.unknown'],
    ],
    [
      'an unknown start',
      { start: 'x', nodes: [set('a'), END], edges: [go('a', 'end')] },
      ['/graph/start graph.unknown_node'],
    ],
    [
      'an edge from nowhere',
      two(go('a', 'end'), go('x', 'end')),
      ['/graph/edges/1/from graph.unknown_node'],
    ],
    ['an edge to nowhere', two(go('a', 'x')), ['/graph/edges/0/to graph.unknown_node']],
    [
      'a failure that leads nowhere',
      { nodes: [set('a', { onError: { do: 'goto', node: 'x' } }), END], edges: [go('a', 'end')] },
      ['/graph/nodes/0/onError/node graph.unknown_node'],
    ],
    ['two exits', two(go('a', 'end'), go('a', 'a')), ['/graph/edges/1 graph.ambiguous_exit']],
    [
      'an exit behind the end',
      two(go('a', 'end'), go('end', 'a')),
      ['/graph/nodes/1 graph.exit_behind_end'],
    ],
    ['a dead end', two(), ['/graph/nodes/0 graph.dead_end', '/graph/nodes/1 graph.unreachable']],
    [
      'a bad condition',
      two({ type: 'conditional', from: 'a', cases: [{ when: 'a +', to: 'end' }] }),
      ['/graph/edges/0/cases/0/when expression.invalid'],
    ],
    [
      'a condition on an unknown name',
      two({ type: 'conditional', from: 'a', cases: [{ when: 'a', to: 'end' }], else: 'x' }),
      ['/graph/edges/0/else graph.unknown_node', '/graph/edges/0/cases/0/when expression.invalid'],
    ],
    [
      'no cases',
      two({ type: 'conditional', from: 'a', cases: [], else: 'end' }),
      ['/graph/edges/0/cases graph.no_cases'],
    ],
    [
      'one target',
      two({ type: 'fanout', from: 'a', to: ['end'] }),
      ['/graph/edges/0/to graph.too_few_targets'],
    ],
    [
      'a target twice',
      two({ type: 'fanout', from: 'a', to: ['end', 'end'] }),
      ['/graph/edges/0/to graph.repeated_target'],
    ],
    [
      'a node that nothing leads to',
      { nodes: [set('a'), END, set('b')], edges: [go('a', 'end'), go('b', 'end')] },
      ['/graph/nodes/2 graph.unreachable'],
    ],
    [
      'a loop without a way out',
      {
        nodes: [set('a'), set('b'), END],
        edges: [
          { type: 'conditional', from: 'a', cases: [{ when: 'true', to: 'b' }], else: 'end' },
          go('b', 'b'),
        ],
      },
      ['/graph/nodes/1 graph.no_end'],
    ],
    [
      'no way to the end at all',
      two(go('a', 'a')),
      ['/graph/nodes/0 graph.no_end', '/graph/nodes/1 graph.unreachable'],
    ],
    ['no nodes', { nodes: [], edges: [] }, []],
  ])('%s', (...[, graph, problems]) => {
    expect(found(compileGraph(graph))).toEqual(problems);
  });

  test('are all reported at once', () => {
    const compiled = compileGraph(
      {
        nodes: [{ ...set('a'), type: 'tool', config: {} }, set('b'), set('c'), END],
        edges: [
          { type: 'conditional', from: 'a', cases: [{ when: '1 +', to: 'end' }] },
          go('b', 'end'),
        ],
      },
      {
        input: { type: 1 },
        output: { $ref: '#/x' },
        budgets: { maxSteps: 10_001, maxDurationMs: 1e12 },
      },
    );
    expect(found(compiled)).toEqual([
      '/input/type schema.invalid',
      '/output/$ref schema.unknown_ref',
      '/budgets/maxSteps budget.too_large',
      '/budgets/maxDurationMs budget.too_large',
      '/graph/nodes/0/config/tool tool.unknown',
      '/graph/edges/0/cases/0/when expression.invalid',
      '/graph/nodes/2 graph.dead_end',
      '/graph/nodes/1 graph.unreachable',
      '/graph/nodes/2 graph.unreachable',
    ]);
  });
});
