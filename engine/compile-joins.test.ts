import { describe, expect, test } from '@jest/globals';
import { compile, type Compiled } from './compile.ts';
import { TEST_REGISTRY } from './registry.fixture.ts';
import type { EdgeSpec, JoinSpec, NodeSpec } from '../contracts/agent-spec.ts';

const ALL: JoinSpec = { mode: 'all' };
const ANY: JoinSpec = { mode: 'any' };

function nOf(count: number): JoinSpec {
  return { mode: 'n', count };
}

/**
 * A graph from lines such as `a -> b`, `a => b c` (fan-out) and `a ? b c` (the last one is the
 * else); nodes that nothing leaves are ends.
 */
function compileLines(
  lines: readonly string[],
  joins: Readonly<Record<string, JoinSpec>>,
): Compiled {
  const edges = lines.map((line): EdgeSpec => {
    const [from = '', arrow = '', ...to] = line.split(' ');
    if (arrow === '=>') return { type: 'fanout', from, to };
    if (arrow === '->') return { type: 'normal', from, to: to[0] ?? '' };
    const cases = to.slice(0, -1).map((target) => ({ when: 'true', to: target }));
    return { type: 'conditional', from, cases, else: to.at(-1) ?? '' };
  });
  const exits = new Set(edges.map((edge) => edge.from));
  const ids = new Set(lines.flatMap((line) => line.split(' ').filter((word) => /^\w/.test(word))));
  const nodes = [...ids].map((id): NodeSpec => {
    const join = joins[id];
    const type = exits.has(id) ? 'set' : 'end';
    return { id, type, config: {}, ...(join === undefined ? {} : { join }) };
  });
  return compile({ graph: { nodes, edges } }, TEST_REGISTRY);
}

function codes(compiled: Compiled): readonly string[] {
  return 'problems' in compiled ? compiled.problems.map((problem) => problem.code) : [];
}

describe('joins', () => {
  test.each<
    [
      string,
      readonly string[],
      Readonly<Record<string, JoinSpec>>,
      Readonly<Record<string, number>>,
    ]
  >([
    ['close their fork', ['f => a b', 'a -> j', 'b -> j', 'j -> e'], { j: ALL }, { j: 0 }],
    ['may be a target of their fork', ['f => a j', 'a -> j', 'j -> e'], { j: ALL }, { j: 0 }],
    [
      'close the fork that was chosen',
      ['s ? f g', 'f => a b', 'g => c d', 'a -> j', 'b -> j', 'c -> j', 'd -> j', 'j -> e'],
      { j: ALL },
      { j: 0 },
    ],
    [
      'close forks within forks',
      ['f => a b', 'a => c d', 'c -> i', 'd -> i', 'i -> j', 'b -> j', 'j -> e'],
      { i: ALL, j: nOf(2) },
      { i: 1, j: 0 },
    ],
    [
      'close all forks at once',
      ['f => a b', 'a => c d', 'c -> j', 'd -> j', 'b -> j', 'j -> e'],
      { j: nOf(3) },
      { j: 0 },
    ],
    ['close a fork in a loop', ['f => a b', 'a -> j', 'b -> j', 'j ? f e'], { j: ALL }, { j: 0 }],
    ['may be where a run begins', ['j => a b', 'a ? j e', 'b ? j e'], { j: ALL }, { j: 0 }],
    [
      'of one fork may be several',
      ['f => a b c', 'a ? i j', 'b ? i j', 'c -> j', 'i -> e', 'j -> e'],
      { i: ALL, j: ANY },
      { i: 0, j: 0 },
    ],
  ])('%s', (...[, lines, joins, depths]) => {
    const compiled = compileLines(lines, joins);
    expect(codes(compiled)).toEqual([]);
    if ('problems' in compiled) return;
    const found = Object.entries(compiled.plan.nodes)
      .filter(([, node]) => node.join !== null)
      .map(([id, node]) => [id, node.join?.depth]);
    expect(Object.fromEntries(found)).toEqual(depths);
  });

  test.each<[string, readonly string[], Readonly<Record<string, JoinSpec>>, readonly string[]]>([
    ['without a fork', ['a -> j', 'j -> e'], { j: ALL }, ['graph.join_never_fires']],
    [
      'that one branch alone comes to',
      ['f => a b', 'a -> j', 'b -> x', 'j -> e'],
      { j: ANY },
      ['graph.join_never_fires'],
    ],
    ['at the start without a fork', ['j -> e'], { j: ALL }, ['graph.join_never_fires']],
    [
      'behind a join of the same branches',
      ['f => a b', 'a -> i', 'b -> i', 'i -> j', 'j -> e'],
      { i: ALL, j: ALL },
      ['graph.join_never_fires'],
    ],
    [
      'of more branches than there are',
      ['f => a b', 'a -> j', 'b -> j', 'j -> e'],
      { j: nOf(3) },
      ['graph.join_never_fires'],
    ],
    [
      'of more branches than come, inner forks being joined',
      ['f => a b', 'a => c d k', 'c -> i', 'd -> i', 'k -> i', 'i -> j', 'b -> j', 'j -> e'],
      { i: ALL, j: nOf(3) },
      ['graph.join_never_fires'],
    ],
    [
      'of one branch',
      ['f => a b', 'a -> j', 'b -> j', 'j -> e'],
      { j: nOf(1) },
      ['graph.join_count'],
    ],
    [
      'of forks at different depths',
      [
        'f => a b',
        'a => c d',
        'c -> g',
        'd -> g',
        'b -> g',
        'g => x y',
        'x -> j',
        'y -> j',
        'j -> e',
      ],
      { j: ALL },
      ['graph.join_ambiguous'],
    ],
  ])('are refused %s', (...[, lines, joins, problems]) => {
    expect(codes(compileLines(lines, joins))).toEqual(problems);
  });

  test('are known to all nodes that can reach them', () => {
    const compiled = compileLines(['f => a b', 'a -> j', 'b ? j x', 'j -> e'], { j: ALL });
    if ('problems' in compiled) throw new Error('the graph has problems');
    const reaching = Object.entries(compiled.plan.nodes).filter(([, node]) =>
      node.reaches.includes('j'),
    );
    expect(reaching.map(([id]) => id).sort()).toEqual(['a', 'b', 'f']);
  });

  test('count failures that lead to them', () => {
    const node = (id: string, rest: Partial<NodeSpec> = {}): NodeSpec => ({
      id,
      type: 'set',
      config: {},
      ...rest,
    });
    const compiled = compile(
      {
        graph: {
          nodes: [
            node('f'),
            node('a', { onError: { do: 'goto', node: 'j' } }),
            node('b'),
            node('j', { join: ALL }),
            node('e', { type: 'end' }),
          ],
          edges: [
            { type: 'fanout', from: 'f', to: ['a', 'b'] },
            { type: 'normal', from: 'a', to: 'e' },
            { type: 'normal', from: 'b', to: 'j' },
            { type: 'normal', from: 'j', to: 'e' },
          ],
        },
      },
      TEST_REGISTRY,
    );
    expect(compiled).toMatchObject({
      plan: { nodes: { a: { reaches: ['j'], onErrorGoto: 'j' } } },
    });
  });
});
