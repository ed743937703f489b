import { expect, test } from '@jest/globals';
import { planOf, type NodeSketch } from './plan.fixture.ts';
import { previewSegment } from './preview-segment.ts';
import type { Plan } from '../contracts/plan.ts';

/** A plan of these nodes, some of which are steps of their own. */
function planWith(
  nodes: Readonly<Record<string, NodeSketch>>,
  steps: readonly string[] = [],
): Plan {
  const plan = planOf(nodes);
  const entries = Object.entries(plan.nodes).map(
    ([id, node]) => [id, steps.includes(id) ? { ...node, gear: 'step' as const } : node] as const,
  );
  return { ...plan, nodes: Object.fromEntries(entries) };
}

/** A line of so many nodes with names of this length. */
function line(count: number, chars = 3): Readonly<Record<string, NodeSketch>> {
  const names = Array.from({ length: count }, (_, index) => `n${index}`.padEnd(chars, 'x'));
  return Object.fromEntries(
    names.map((name, index): [string, NodeSketch] => {
      const to = names[index + 1];
      return [name, to === undefined ? {} : { to }];
    }),
  );
}

const JOIN = { mode: 'all', depth: 0 } as const;

test.each<{
  readonly name: string;
  readonly nodes: Readonly<Record<string, NodeSketch>>;
  readonly steps?: readonly string[];
  readonly starts?: readonly string[];
  readonly preview: string;
}>([
  { name: 'the run’s end', nodes: { a: { to: 'b' }, b: {} }, preview: 'a → b' },
  { name: 'a single node', nodes: { a: {} }, preview: 'a' },
  {
    name: 'a step of its own',
    nodes: { a: { to: 'b' }, b: { to: 'c' }, c: {} },
    steps: ['c'],
    preview: 'a → b',
  },
  {
    name: 'a choice',
    nodes: { a: { to: 'b' }, b: { cases: ['c'], else: 'a' }, c: {} },
    preview: 'a → b…',
  },
  {
    name: 'a fork',
    nodes: { a: { fan: ['b', 'c'] }, b: { to: 'd' }, c: { to: 'd' }, d: { join: JOIN } },
    preview: 'a…',
  },
  {
    name: 'joins, from several nodes',
    nodes: { a: { fan: ['b', 'c'] }, b: { to: 'd' }, c: { to: 'd' }, d: { join: JOIN } },
    starts: ['b', 'c'],
    preview: 'b…, c…',
  },
  {
    name: 'a question to a person',
    nodes: { a: { to: 'ask' }, ask: { type: 'human', to: 'b' }, b: {} },
    preview: 'a → ask…',
  },
  {
    name: 'an agent, whose calls nobody knows',
    nodes: { agent: { type: 'agent', to: 'b' }, b: {} },
    preview: 'agent…',
  },
  {
    name: 'a ring',
    nodes: { a: { to: 'b' }, b: { to: 'a' } },
    preview: 'a → b → a → b → a → b → a → b…',
  },
  { name: 'eight names', nodes: line(8, 2), preview: 'n0 → n1 → n2 → n3 → n4 → n5 → n6 → n7' },
  { name: 'more names', nodes: line(9, 2), preview: 'n0 → n1 → n2 → n3 → n4 → n5 → n6 → n7…' },
  {
    name: 'more starts',
    nodes: line(10, 2),
    starts: ['n5', 'n6', 'n9'],
    preview: 'n5 → n6 → n7 → n8 → n9, n6 → n7 → n8…',
  },
  {
    name: 'a node that the plan does not have',
    nodes: { a: { to: 'gone' } },
    preview: 'a',
  },
])('follows the plan up to $name', ({ nodes, steps, starts, preview }) => {
  const plan = planWith(nodes, steps);
  expect(previewSegment(plan, starts ?? [plan.start])).toBe(preview);
});

test('stays short whatever the names', () => {
  const plan = planWith(line(9, 64));
  const preview = previewSegment(plan, [plan.start]);
  expect(Buffer.byteLength(preview)).toBeLessThan(300);
  expect(preview).toMatch(/[^…]…$/);
});
