import { describe, expect, test } from '@jest/globals';
import { foldDeltas, initialState, type Channels } from './fold.ts';
import type { ChannelSpec } from '../contracts/agent-spec.ts';
import type { Delta } from '../contracts/step.ts';
import type { Json, JsonObject } from '../contracts/json.ts';

const APPEND: ChannelSpec = { reducer: 'append' };

const CHANNELS: Channels = {
  answer: { reducer: 'replace' },
  notes: { reducer: 'append' },
  facts: { reducer: 'merge' },
  constructor: APPEND,
  count: { reducer: 'replace', default: 3 },
};

function fold(...writes: readonly [string, Json][]): JsonObject {
  const deltas = writes.map(([channel, value]): Delta => ({ channel, value }));
  return foldDeltas(CHANNELS, initialState(CHANNELS), deltas);
}

describe('the state of a run', () => {
  test('begins with the defaults of its channels', () => {
    expect(initialState(CHANNELS)).toEqual({
      messages: [],
      answer: null,
      notes: [],
      facts: {},
      constructor: [],
      count: 3,
    });
  });

  test.each<[string, readonly [string, Json][], string, Json]>([
    [
      'replaces',
      [
        ['answer', 1],
        ['answer', { a: 1 }],
      ],
      'answer',
      { a: 1 },
    ],
    [
      'appends one value',
      [
        ['notes', 'a'],
        ['notes', { b: 1 }],
      ],
      'notes',
      ['a', { b: 1 }],
    ],
    [
      'appends the elements of a list',
      [
        ['notes', ['a', 'b']],
        ['notes', ['c']],
      ],
      'notes',
      ['a', 'b', 'c'],
    ],
    ['appends a list as one value inside a list', [['notes', [['a']]]], 'notes', [['a']]],
    ['appends nothing for an empty list', [['notes', []]], 'notes', []],
    [
      'merges fields',
      [
        ['facts', { a: 1, b: { c: 1 } }],
        ['facts', { b: 2 }],
      ],
      'facts',
      { a: 1, b: 2 },
    ],
    [
      'has a conversation',
      [['messages', { role: 'user', content: 'hi' }]],
      'messages',
      [{ role: 'user', content: 'hi' }],
    ],
    ['takes names that objects inherit', [['constructor', 1]], 'constructor', [1]],
  ])('%s', (...[, writes, channel, value]) => {
    expect(fold(...writes)[channel]).toEqual(value);
  });

  test('never changes the state or the values that it is given', () => {
    const first = ['a'];
    const before = foldDeltas(CHANNELS, initialState(CHANNELS), [
      { channel: 'notes', value: first },
    ]);
    const copy = structuredClone(before);
    foldDeltas(CHANNELS, before, [
      { channel: 'notes', value: 'b' },
      { channel: 'notes', value: 'c' },
      { channel: 'facts', value: { a: 1 } },
    ]);
    expect(before).toEqual(copy);
    expect(first).toEqual(['a']);
    expect(foldDeltas(CHANNELS, before, [])).toBe(before);
  });

  test('appends behind what was there before, of whatever kind', () => {
    const channels: Channels = { notes: { reducer: 'append', default: 'first' } };
    const write = [{ channel: 'notes', value: 'second' }];
    expect(foldDeltas(channels, initialState(channels), write)['notes']).toEqual([
      'first',
      'second',
    ]);
    expect(foldDeltas(channels, {}, write)['notes']).toEqual(['second']);
    expect(
      foldDeltas({ facts: { reducer: 'merge' } }, {}, [{ channel: 'facts', value: { a: 1 } }]),
    ).toEqual({ facts: { a: 1 } });
  });

  test('refuses to merge what is not an object, and to write to unknown channels', () => {
    expect(() => fold(['facts', [1]])).toThrow('merges objects');
    expect(() => fold(['nowhere', 1])).toThrow('no channel nowhere');
    expect(() => fold(['toString', 1])).toThrow('no channel toString');
  });

  test('is not polluted by a field named __proto__', () => {
    const evil = JSON.parse('{"__proto__": {"admin": true}, "a": 1}') as Json;
    const state = fold(['facts', evil]);
    expect(Object.keys(state['facts'] as JsonObject)).toEqual(['a']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect(Object.assign({}, state['facts'])).not.toHaveProperty('admin');
  });
});
