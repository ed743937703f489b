import { describe, expect, test } from '@jest/globals';
import { evaluate } from './expression.ts';
import { codeOf } from './expression.fixture.ts';
import type { JsonObject } from '../contracts/json.ts';

describe('expressions that ask for too much', () => {
  const MANY = Array.from({ length: 10_000 }, (_, index) => index);
  const LONG = 'a'.repeat(1_000_000);
  const keyed = (): JsonObject => Object.fromEntries(MANY.map((index) => [`k${index}`, index]));
  const HOSTILE: JsonObject = {
    input: {
      many: MANY,
      long: LONG,
      copy: [...MANY],
      texts: MANY.map(String),
      big: [LONG.slice(1)],
    },
    state: { map: keyed(), twin: keyed() },
  };

  test.each([
    'input.many.all(a, input.many.all(b, input.many.all(c, true)))',
    'input.many.map(a, input.many.map(b, a * b))',
    'input.many.exists(a, input.many.exists(b, false))',
    'input.many.map(a, input.many + input.many)',
    'input.many.map(a, -1 in input.many)',
    'input.many.filter(a, input.many == input.copy)',
    'input.many.map(a, input.long.contains("b"))',
    'input.many.map(a, input.long + "b")',
    'input.many.map(a, input.long.lowerAscii())',
    'input.many.map(a, input.long.split(""))',
    'input.many.map(a, input.long.replace("a", "b"))',
    'input.many.map(a, input.long == input.long + "b")',
    'input.many.map(a, input.long.matches("(a+)+$"))',
    'input.many.map(a, "x".matches(string(a)))',
    'input.many.map(a, size(input.long))',
    'input.many.map(a, size(state.map))',
    'input.many.map(a, state.map.all(k, true))',
    'input.many.map(a, state.map == state.twin)',
    'input.many.map(a, input.texts.join(input.long))',
    'input.many.map(a, string(input.many))',
    'input.many.map(a, input.long.trim().startsWith(input.long))',
    'input.many.map(a, input.long < input.long)',
    'input.many.map(a, input.long.substring(1))',
    'input.many.map(a, input.big)',
    '[input.long, input.long].join().replace("a", input.long)',
    `input.many.map(a, ${'a + '.repeat(200)} a)`,
  ])('are stopped: %s', (text) => {
    expect(codeOf(() => evaluate(text, HOSTILE))).toBe('expression.too_expensive');
  });

  test('do not hide behind an operand that decides', () => {
    const text = 'true && (input.many.all(a, input.many.all(b, true)) || true)';
    expect(codeOf(() => evaluate(text, HOSTILE))).toBe('expression.too_expensive');
  });

  test('leave room for honest work on long lists', () => {
    expect(evaluate('input.many.filter(x, x % 2 == 0).map(x, x + 1).size()', HOSTILE)).toBe(5_000);
    expect(evaluate('size(input.many.map(x, string(x)).join(","))', HOSTILE)).toBe(48_889);
    expect(evaluate('input.long.matches("b$")', HOSTILE)).toBe(false);
  });
});
