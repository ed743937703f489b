import { expect, test } from '@jest/globals';
import { mentionsOf } from './mentions.ts';
import { prepareRun } from '../../tests/execution/harness.ts';
import type { EdgeSpec } from '../../contracts/agent-spec.ts';

const END = { id: 'end', type: 'end', config: {} };
const NEXT: EdgeSpec = { type: 'normal', from: 'node', to: 'end' };
const CASE: EdgeSpec = {
  type: 'conditional',
  from: 'node',
  cases: [{ when: 'state.c == 1 && input.x', to: 'end' }],
  else: 'end',
};

async function mentions(expression: string, edge: EdgeSpec = NEXT) {
  const node = { id: 'node', type: 'output', config: { value: expression } };
  const channels = Object.fromEntries(
    'abc'.split('').map((n) => [n, { reducer: 'replace' as const }]),
  );
  const run = prepareRun({ spec: { graph: { nodes: [node, END], edges: [edge], channels } } });
  const { input, channels: found } = mentionsOf(
    await run.journal.loadVersion('ws_1', 'ver_1'),
    'node',
  );
  return [input, found === 'all' ? 'all' : [...found].sort().join('')];
}

test.each<[string, boolean, string]>([
  ['1 + 1', false, ''],
  ['state.a + state["b"]', false, 'ab'],
  ["state['c']", false, 'c'],
  ['state . a', false, 'a'],
  ['input', true, ''],
  ['has(state.a) ? input.x : 0', true, 'a'],
  ['size(state)', false, 'all'],
  ['state[input.name]', true, 'all'],
])('finds what %s may read', async (expression, input, channels) => {
  expect(await mentions(expression)).toEqual([input, channels]);
});

test('finds what the conditions behind the node may read', async () => {
  expect(await mentions('state.a', CASE)).toEqual([true, 'ac']);
});
