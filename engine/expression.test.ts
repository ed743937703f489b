import { describe, expect, test } from '@jest/globals';
import { checkExpression, checkTemplate, evaluate, renderTemplate } from './expression.ts';
import type { Json, JsonObject } from '../contracts/json.ts';

const SCOPE: JsonObject = {
  input: { name: 'Ada', tags: ['a', 'b'], none: null, ok: true },
  state: {
    count: 2,
    score: 0.5,
    n: 3,
    items: [{ id: 1 }, { id: 2 }],
    text: 'Grüße 👋',
    word: 'one two',
  },
  visit: 1,
};

/** The code of what is thrown; the value if nothing is. */
function codeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('expressions', () => {
  test.each<[string, Json]>([
    ['state.count + 1', 3],
    ['1 + state.count * 2', 5],
    ['size(state.items) > 1', true],
    ['state.items.size() == state.count', true],
    ['state.score >= 0.5', true],
    ['state.score < 1', true],
    ['state.n == 3', true],
    ['3 == state.n', true],
    ['state.n != 3.0', false],
    ['state.n / 2', 1.5],
    ['7 / 2', 3],
    ['-7 % 4', -3],
    ['7.5 % 2.0', 1.5],
    ['7 - 2.5', 4.5],
    ['2.0 * 3', 6],
    ['-state.n', -3],
    ['-(2)', -2],
    ['visit <= 1 && !false', true],
    ['2 > 3 || 2 >= 2', true],
    ['"a" < "b" && "b" > "a" && "b" >= "b"', true],
    ['false < true', true],
    ['input.ok ? "yes" : 1', 'yes'],
    ['input.none == null ? 1 : 2', 1],
    ['1.5 == 1.5 && 1 == 1', true],
    ['"1" == 1', false],
    ['[1, 2.0, "a", null] == [1.0, 2, "a", null]', true],
    ['[1] == [1, 2] || [1] == {"a": 1}', false],
    ['{"a": [1]} == {"a": [1]}', true],
    ['{"a": 1} == {"b": 1} || {"a": 1} == {"a": 1, "b": 2} || {"a": 1} == 1', false],
    ['"a" in input.tags && !("c" in input.tags)', true],
    ['"name" in input && !("toString" in input) && !(1 in input)', true],
    ['input.tags[1]', 'b'],
    ['input.tags[state.count - 1]', 'b'],
    ['input["name"]', 'Ada'],
    ['input', SCOPE['input'] ?? null],
    ['{"a": {"b": [state.n, 1]}}', { a: { b: [3, 1] } }],
    ['[]', []],
    ['input.tags + ["c"]', ['a', 'b', 'c']],
    ['has(state.count) && !has(state.nothing) && !has(state.toString)', true],
    ['state.items.map(i, i.id)', [1, 2]],
    ['state.items.map(i, i.id > 1, i.id * 10)', [20]],
    ['state.items.filter(i, i.id > 1)', [{ id: 2 }]],
    ['state.items.exists(i, i.id == 2)', true],
    ['state.items.exists(i, i.id == 9)', false],
    ['state.items.all(i, i.id > 0)', true],
    ['state.items.all(i, i.id > 1)', false],
    ['state.items.exists_one(i, i.id == 2)', true],
    [
      '[1, 2].map(x, [3, 4].map(y, x * y))',
      [
        [3, 4],
        [6, 8],
      ],
    ],
    ['[1].map(input, input + 1)', [2]],
    ['{"b": 1, "a": 2}.map(k, k)', ['b', 'a']],
    ['[1, 2].map(x, {"n": x})', [{ n: 1 }, { n: 2 }]],
  ])('%s', (text, value) => {
    expect(evaluate(text, SCOPE)).toEqual(value);
    expect(checkExpression(text)).toBeNull();
  });

  test.each<[string, Json]>([
    ['size("Grüße 👋")', 7],
    ['size({"a": 1})', 1],
    ['"abc".contains("b") && "abc".startsWith("a") && "abc".endsWith("c")', true],
    ['"abcabc".indexOf("c")', 2],
    ['"abcabc".lastIndexOf("c")', 5],
    ['"ÄbC".lowerAscii() + "äBc".upperAscii()', 'ÄbcäBC'],
    ['"  a ".trim()', 'a'],
    ['"a,b,c".split(",")', ['a', 'b', 'c']],
    ['"a,b,c".split(",", 2)', ['a', 'b,c']],
    ['"a,b".split(",", 5)', ['a', 'b']],
    ['"a,b".split(",", -1)', ['a', 'b']],
    ['"a,b".split(",", 0)', []],
    ['["a", "b"].join("-") + ["c", "d"].join()', 'a-bcd'],
    ['"a.b.c".replace(".", "->")', 'a->b->c'],
    ['"abcd".substring(1) + "abcd".substring(1, state.n)', 'bcdbc'],
    ['"abc".charAt(1)', 'b'],
    ['"order 42".matches("[0-9]+$") && !"order".matches("^[0-9]")', true],
    ['string(1) + string(1.5) + string(true) + string(null) + string("x")', '11.5truenullx'],
    ['string([1, {"a": "b"}])', '[1,{"a":"b"}]'],
    ['string(timestamp("2026-01-02T03:04:05Z"))', '2026-01-02T03:04:05.000Z'],
    ['int("42") + int(1.9) + int(2) - int("-1")', 46],
    ['double("1.5") + double(1)', 2.5],
    ['bool("true") && !bool("false") && bool(true)', true],
    ['dyn(1)', 1],
    ['timestamp("2026-01-02T03:04:05.678+01:00")', '2026-01-02T02:04:05.678Z'],
    ['timestamp(timestamp(0))', '1970-01-01T00:00:00.000Z'],
    ['int(timestamp("1970-01-01T00:01:00Z"))', 60],
    ['duration("1h30m")', '5400s'],
    ['duration(duration("-1.5s"))', '-1.5s'],
    ['timestamp("2026-01-01T00:00:00Z") + duration("24h")', '2026-01-02T00:00:00.000Z'],
    ['duration("1s") + timestamp(0) - duration("500ms")', '1970-01-01T00:00:00.500Z'],
    ['timestamp(60) - timestamp(0) == duration("1m")', true],
    ['timestamp(60) > timestamp(0) && duration("1s") < duration("2s")', true],
    ['timestamp(60) == timestamp(60) && timestamp(1) != 1', true],
    ['duration("1s") == 1', false],
    ['duration("1s") + duration("1s") - duration("3s")', '-1s'],
    ['-duration("1s")', '-1s'],
    ['duration("90m").getHours() + duration("90m").getMinutes()', 91],
    ['duration("2s").getSeconds() + duration("2s").getMilliseconds()', 2002],
    ['timestamp("2026-03-04T05:06:07.008Z").getFullYear()', 2026],
    ['timestamp("2026-03-04T05:06:07.008Z").getMonth()', 2],
    ['timestamp("2026-03-04T05:06:07.008Z").getDate()', 4],
    ['timestamp("2026-03-04T05:06:07.008Z").getDayOfMonth()', 3],
    ['timestamp("2026-03-04T05:06:07.008Z").getDayOfWeek()', 3],
    ['timestamp("2026-03-04T05:06:07.008Z").getHours()', 5],
    ['timestamp("2026-03-04T05:06:07.008Z").getMinutes()', 6],
    ['timestamp("2026-03-04T05:06:07.008Z").getSeconds()', 7],
    ['timestamp("2026-03-04T05:06:07.008Z").getMilliseconds()', 8],
    ['{"at": timestamp(0)}', { at: '1970-01-01T00:00:00.000Z' }],
  ])('functions: %s', (text, value) => {
    expect(evaluate(text, SCOPE)).toEqual(value);
    expect(checkExpression(text)).toBeNull();
  });

  test('let one side decide when the other one fails', () => {
    expect(evaluate('state.nothing == 1 || true', SCOPE)).toBe(true);
    expect(evaluate('false && state.nothing == 1', SCOPE)).toBe(false);
    expect(evaluate('state.nothing == 1 && false', SCOPE)).toBe(false);
    expect(evaluate('[1, 2].exists(x, x == 1 ? state.nothing : x == 2)', SCOPE)).toBe(true);
    expect(codeOf(() => evaluate('[1].all(x, state.nothing)', SCOPE))).toBe('expression.failed');
    expect(codeOf(() => evaluate('state.nothing || false', SCOPE))).toBe('expression.failed');
    expect(codeOf(() => evaluate('false || state.nothing', SCOPE))).toBe('expression.failed');
  });

  test('give values of the scope as they are, without copies', () => {
    expect(evaluate('state.items', SCOPE)).toBe((SCOPE['state'] as JsonObject)['items']);
    const [item] = evaluate('[state.items]', SCOPE) as Json[];
    expect(item).toBe((SCOPE['state'] as JsonObject)['items']);
  });
});

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

describe('templates', () => {
  test.each<[string, Json]>([
    ['', ''],
    ['plain', 'plain'],
    ['Hello {{ input.name }}!', 'Hello Ada!'],
    ['{{ state.count }}', 2],
    ['{{ state.items }}', [{ id: 1 }, { id: 2 }]],
    ['{{input.none}}', null],
    [' {{ state.count }}', ' 2'],
    ['{{ state.items }} and {{ input.none }}', '[{"id":1},{"id":2}] and null'],
    ['{{ {"a": {"b": 1}} }}', { a: { b: 1 } }],
    ['{{{"a": {"b": 1}}}}', { a: { b: 1 } }],
    ['{{ "}}" }}{{ \'{{\' }}', '}}{{'],
    ['{{ "a\\"}}" }}.', 'a"}}.'],
    ['}} {', '}} {'],
    ['n = {{ 1 + 1 }}', 'n = 2'],
  ])('%s', (text, value) => {
    expect(renderTemplate(text, SCOPE)).toEqual(value);
    expect(checkTemplate(text)).toBeNull();
  });

  test('are filled in once: what they are filled with is not read as a template', () => {
    const scope = { input: '{{ state.secret }}', state: { secret: 'no' } };
    expect(renderTemplate('{{ input }}', scope)).toBe('{{ state.secret }}');
    expect(renderTemplate('a {{ input }}', scope)).toBe('a {{ state.secret }}');
  });

  test.each([
    ['{{ input', 'not closed'],
    ['{{ secrets }}', 'nothing named secrets'],
    ['{{constructor.constructor("return process")()}}', 'Unexpected character'],
    ['{{ }}', 'Unexpected token'],
    ['{{1}}'.repeat(201), 'more than 200 placeholders'],
  ])('are refused: %s', (text, part) => {
    expect(checkTemplate(text) ?? '').toContain(part);
  });

  test('may use the names that the caller lists', () => {
    expect(checkTemplate('{{ last }}', ['last'])).toBeNull();
  });

  test('are refused when their text is larger than a value may be', () => {
    const scope = { input: 'x'.repeat(9_000_000) };
    const text = `${'{{ input }}'.repeat(4)}`;
    expect(codeOf(() => renderTemplate(text, scope))).toBe('expression.too_expensive');
  });
});

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
