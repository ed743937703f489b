import { describe, expect, test } from '@jest/globals';
import { checkExpression, evaluate } from './expression.ts';
import { codeOf, SCOPE } from './expression.fixture.ts';
import type { Json, JsonObject } from '../contracts/json.ts';

describe('failing expressions', () => {
  test.each([
    'state.nothing',
    'state.nothing.more',
    'input.none.x',
    'input.tags[5]',
    'input.tags[0.5]',
    'input.tags["a"]',
    'input.name[0]',
    'input[0]',
    'nobody',
    'result.x',
    '1 + "a"',
    'timestamp(0) + 1',
    'timestamp(0) - true',
    'duration("1s") + 1',
    '{} + []',
    'size(timestamp(0))',
    'size(duration("1s"))',
    'timestamp(0).x',
    '"a" - "b"',
    '1 < "a"',
    '-"a"',
    '!1',
    '1 && true',
    '1 ? 2 : 3',
    '1 in 2',
    '1 / 0',
    '1.0 % 0',
    '9223372036854775807 + 1',
    '9007199254740993',
    '1e308 * 10.0',
    '{1: 2}',
    '{"__proto__": 1}',
    '[1].map(x, x.y)',
    '[1].filter(x, x)',
    '(1).map(x, x)',
    'has(input.name.x)',
    'size(1)',
    'int("x")',
    'int(null)',
    'double("x")',
    'bool("maybe")',
    'timestamp("yesterday")',
    'timestamp("2026-99-99T00:00:00Z")',
    'timestamp(1e300)',
    'timestamp(0) - duration("999999999h")',
    'duration("soon")',
    'duration(1)',
    '(1).getHours()',
    'duration("1s").getMonth()',
    '(1).contains("a")',
    '"a".contains(1)',
    '"a".join()',
    '[1].join()',
    '"a".replace("", "b")',
    '"abc".substring(4)',
    '"abc".substring(2, 1)',
    '"abc".substring("a")',
    '"a".matches("(")',
    '"a".matches("(?:a{1,100}b{1,100}c{1,100}){3}(?:a{1,100}b{1,100}c{1,100}){3}(?:a{1,100}b{1,100}){3}")',
  ])('%s', (text) => {
    expect(codeOf(() => evaluate(text, SCOPE))).toBe('expression.failed');
  });

  test('refuse patterns that are too long', () => {
    const scope = { input: 'a'.repeat(257) };
    expect(codeOf(() => evaluate('"a".matches(input)', scope))).toBe('expression.failed');
  });

  test('refuse values that are nested without end', () => {
    let deep: Json = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    const scope = { input: { a: deep, b: [deep] } };
    expect(codeOf(() => evaluate('[[input.a]] == [input.b + []]', scope))).toBe(true);
    expect(codeOf(() => evaluate('string([input.a])', scope))).toBe('expression.failed');
  });
});

describe('invalid expressions', () => {
  test.each([
    ['', 'Unexpected token'],
    ['a +', 'Unexpected token'],
    ['input ==', 'Unexpected token'],
    ['secrets.key', 'nothing named secrets'],
    ['messages', 'nothing named messages'],
    ['process.exit()', '.exit()'],
    ['run(1)', 'no function run()'],
    ['input.run(1)', 'no function .run()'],
    ['size()', 'number of arguments'],
    ['"a".contains("a", "b")', 'number of arguments'],
    ['b"bytes"', 'not supported'],
    ['1u', 'not supported'],
    ['input.?name', 'optional fields'],
    ['input[?"name"]', 'optional fields'],
    ['has(input)', 'takes a field'],
    ['[1].map(1, 2)', 'iteration variable'],
    ['[1].map(x)', 'takes a variable'],
    ['[1].filter(x, x, x)', 'takes a variable'],
    ['[1].map(a, [1].map(b, [1].map(c, [1].map(d, d))))', 'more than 3 deep'],
    [`"${'a'.repeat(4_096)}"`, 'more than 4096 characters'],
    [`1${'+1'.repeat(1_000)}`, 'Exceeded'],
    ['('.repeat(500), 'Exceeded'],
    ['!'.repeat(4_000), 'Unexpected'],
    ['constructor.constructor("return 1")()', ''],
    ['input.constructor("return 1")', 'no function'],
    ['__proto__', 'Reserved'],
  ])('%s', (text, part) => {
    expect(checkExpression(text)).toContain(part);
    expect(checkExpression(text)?.split('\n')).toHaveLength(1);
  });

  test('are not confused with mistakes of the caller', () => {
    expect(() => checkExpression(null as never)).toThrow(TypeError);
  });

  test('are refused by evaluation with a code', () => {
    expect(codeOf(() => evaluate('1 +', SCOPE))).toBe('expression.invalid');
  });

  test('may use the names that the caller lists', () => {
    expect(checkExpression('turn == 1 && size(messages) > 0', ['turn', 'messages'])).toBeNull();
    expect(checkExpression('turn == 1')).toContain('nothing named turn');
  });
});

describe('prototypes', () => {
  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'length'])(
    'give no access to %s',
    (name) => {
      for (const text of [
        `input.${name}`,
        `input["${name}"]`,
        `input.name.${name}`,
        `[1].${name}`,
      ]) {
        expect(codeOf(() => evaluate(text, SCOPE))).toBe('expression.failed');
      }
      expect(evaluate(`has(input.${name})`, SCOPE)).toBe(false);
    },
  );

  test('are not mistaken for values of the scope', () => {
    expect(codeOf(() => evaluate('constructor', SCOPE))).toBe('expression.failed');
  });

  test('let own fields of such names be read', () => {
    const scope = JSON.parse('{"input": {"constructor": 1, "__proto__": 2}}') as JsonObject;
    expect(evaluate('input.constructor + input["__proto__"]', scope)).toBe(3);
  });
});
