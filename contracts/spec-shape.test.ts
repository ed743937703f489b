import { describe, expect, test } from '@jest/globals';
import { checkShape } from './spec-shape.ts';
import { parseAgentSpec } from './agent-spec.schema.ts';
import type { JsonObject } from './json.ts';

const NODES = [{ id: 'a', type: 'set' }];

function many(length: number): readonly JsonObject[] {
  return Array.from({ length }, () => ({}));
}

function withConfig(config: JsonObject): JsonObject {
  return { graph: { nodes: [{ id: 'a', type: 'set', config }] } };
}

function nested(levels: number): JsonObject {
  let value: JsonObject = {};
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

function namesOf(length: number): JsonObject {
  return Object.fromEntries(Array.from({ length }, (_, at) => [`c${at}`, {}]));
}

const RESERVED: unknown = JSON.parse('{"graph": {"nodes": [{"config": {"__proto__": {}}}]}}');

describe('specs of a wild shape', () => {
  test.each<[string, unknown, string]>([
    [
      'long instructions',
      { instructions: 'x'.repeat(2 * 1024 * 1024) },
      '/instructions spec.too_long',
    ],
    ['too many tools', { tools: many(65) }, '/tools spec.too_many'],
    ['ten thousand nodes', { graph: { nodes: many(10_000) } }, '/graph/nodes spec.too_many'],
    [
      'ten thousand edges',
      { graph: { nodes: NODES, edges: many(10_000) } },
      '/graph/edges spec.too_many',
    ],
    [
      'too many channels',
      { graph: { nodes: NODES, channels: namesOf(101) } },
      '/graph/channels spec.too_many',
    ],
    ['a large config', withConfig({ text: 'x'.repeat(1_100_000) }), ' spec.too_large'],
    ['a config of long names', withConfig({ ['x'.repeat(1_100_000)]: 1 }), ' spec.too_large'],
    [
      'a config of many values',
      withConfig({ list: Array.from({ length: 100_001 }, () => 0) }),
      ' spec.too_large',
    ],
    [
      'a deep config',
      withConfig(nested(100_000)),
      `/graph/nodes/0/config${'/a'.repeat(60)} spec.too_deep`,
    ],
    [
      'a name that objects treat in their own way',
      RESERVED,
      '/graph/nodes/0/config/__proto__ spec.reserved_name',
    ],
    ['a function', { 'a/b': () => 1 }, '/a~1b spec.not_json'],
    ['a number that JSON has not', { input: { minimum: NaN } }, '/input/minimum spec.not_json'],
    ['undefined', { tools: undefined }, '/tools spec.not_json'],
  ])('are refused before anything else is looked at: %s', (_, value, problem) => {
    const problems = checkShape(value).map(({ pointer, code }) => `${pointer} ${code}`);
    expect(problems).toEqual([problem]);
    expect(parseAgentSpec(value)).toEqual({ problems: checkShape(value) });
  });

  test('are none when they are ordinary, or no objects at all', () => {
    expect(checkShape({ graph: { nodes: NODES }, a: [1, 'b', null, true] })).toEqual([]);
    expect(checkShape('text')).toEqual([]);
  });
});
