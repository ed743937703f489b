import { describe, expect, test } from '@jest/globals';
import { checkExpression, evaluate } from './expression.ts';
import { codeOf, SCOPE } from './expression.fixture.ts';
import type { Json, JsonObject } from '../contracts/json.ts';

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
