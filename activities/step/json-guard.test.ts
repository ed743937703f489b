import { describe, expect, test } from '@jest/globals';
import { guardJson } from './json-guard.ts';
import { LIMITS } from '../../contracts/limits.ts';

const OPTIONS = { what: 'the value', tooLarge: 'value.too_large' } as const;

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = [value];
  return value;
}

describe('guardJson', () => {
  test.each([[null], [true], [1.5], ['text'], [[1, { a: [null] }]], [{}], [Object.create(null)]])(
    'lets plain JSON pass: %j',
    (value) => {
      expect(guardJson(value, OPTIONS)).toBe(value);
    },
  );

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'value.not_json'],
    ['an absent field', { a: undefined }, 'value.not_json'],
    ['a hole in a list', new Array(2), 'value.not_json'],
    ['a symbol', Symbol('x'), 'value.not_json'],
    ['infinity', [Infinity], 'value.not_json'],
    ['a map', { m: new Map() }, 'value.not_json'],
    ['an instance', new Date(0), 'value.not_json'],
    ['a forged reference', [{ a: { $blob: 'x' } }], 'value.reserved_key'],
    ['a deep list', nested(LIMITS.jsonDepth + 1), 'request.too_deep'],
  ])('refuses %s', (_name, value, code) => {
    expect(() => guardJson(value, OPTIONS)).toThrow(expect.objectContaining({ code }));
  });

  test.each<[string, unknown, boolean]>([
    ['ASCII that fits', 'x'.repeat(100), true],
    ['ASCII that does not', 'x'.repeat(101), false],
    ['umlauts counted as bytes', 'ü'.repeat(51), false],
    ['many small values', Array.from({ length: 40 }, () => 1), false],
    ['long names', { ['n'.repeat(120)]: 1 }, false],
  ])('counts bytes: %s', (_name, value, fits) => {
    const guard = (): unknown => guardJson(value, { ...OPTIONS, maxBytes: 100 });
    if (fits) expect(guard()).toBe(value);
    else expect(guard).toThrow(expect.objectContaining({ code: 'value.too_large' }));
  });
});
