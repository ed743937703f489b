import { describe, expect, test } from '@jest/globals';
import type { ToolCallDelta } from './delta.ts';
import { createToolCallAssembler, parseToolCalls } from './tool-calls.ts';

function delta(
  index: number | null,
  id: string | null,
  [name, argumentsText]: readonly [string | null, string],
): ToolCallDelta {
  return { index, id, name, argumentsText };
}

function assemble(deltas: readonly ToolCallDelta[]) {
  const assembler = createToolCallAssembler();
  for (const part of deltas) assembler.add(part);
  return parseToolCalls(assembler.calls(), 3);
}

const BOTH = [
  { id: 'x', name: 'add', arguments: { a: 1 } },
  { id: 'y', name: 'sub', arguments: { b: 2 } },
];

describe('assembling tool calls', () => {
  test.each([
    [
      'parts that take turns by index',
      [
        delta(0, 'x', ['add', '']),
        delta(1, 'y', ['sub', '{"b"']),
        delta(0, null, [null, '{"a"']),
        delta(1, null, [null, ':2}']),
        delta(0, null, [null, ':1}']),
      ],
    ],
    [
      'ids that are repeated with every part',
      [
        delta(0, 'x', ['add', '{"a":']),
        delta(0, 'x', ['add', '1}']),
        delta(1, 'y', ['sub', '{"b":2}']),
      ],
    ],
    [
      'calls that share an index',
      [delta(0, 'x', ['add', '{"a":1}']), delta(0, 'y', ['sub', '{"b":2}'])],
    ],
    [
      'calls without an index',
      [
        delta(null, 'x', ['add', '{"a":']),
        delta(null, null, [null, '1}']),
        delta(null, 'y', ['sub', '{"b":2}']),
      ],
    ],
  ])('understands %s', (_title, deltas) => {
    expect(assemble(deltas)).toEqual(BOTH);
  });

  test.each(['{"a": 1', '[1]', 'null', '"text"', 'a=1', '{"a":1}{"a":1}'])(
    'never repairs %s',
    (text) => {
      expect(assemble([delta(0, 'x', ['add', text])])).toEqual([
        { id: 'x', name: 'add', arguments: {}, malformed: text },
      ]);
    },
  );

  test('takes no text at all for no arguments', () => {
    expect(assemble([delta(0, 'x', ['now', ''])])).toEqual([
      { id: 'x', name: 'now', arguments: {} },
    ]);
  });

  test('gives missing and repeated ids a stable one', () => {
    const calls = assemble([
      delta(0, null, ['a', '']),
      delta(1, 'x', ['b', '']),
      delta(2, 'x', ['c', '']),
    ]);
    expect(calls.map(({ id }) => id)).toEqual(['call_3_1', 'x', 'call_3_3']);
  });
});
