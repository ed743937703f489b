import { describe, expect, test } from '@jest/globals';
import { parseJsonBody } from './json-body.ts';
import { AppError } from '../contracts/app-error.ts';
import { LIMITS } from '../contracts/limits.ts';

function refusal(text: string | Uint8Array): AppError {
  try {
    parseJsonBody(typeof text === 'string' ? Buffer.from(text) : text);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('the body was taken');
}

describe('bodies that are not JSON', () => {
  test.each([
    ['', 0],
    ['   ', 3],
    ['abc', 0],
    ['{', 1],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['[1,2', 4],
    ['{"a":1}x', 7],
    ['"a\nb"', 0],
    ['01', 1],
    ['[1 2]', 3],
    ['{"a" 1}', 5],
    ["{'a':1}", 1],
    ['NaN', 0],
    ['"\\x"', 0],
  ])('names the place where %j stops being JSON', (text, position) => {
    const error = refusal(text);
    expect(error.code).toBe('request.invalid_json');
    expect(error.message).toMatch(new RegExp(`position ${position}$`));
  });

  test.each([
    ['a byte that starts nothing', Uint8Array.of(0x22, 0xff, 0x22)],
    ['half of a surrogate pair', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22)],
    ['an overlong form', Uint8Array.of(0x22, 0xc0, 0x80, 0x22)],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ])('refuses %s', (_name, bytes) => {
    expect(refusal(bytes).code).toBe('request.invalid_json');
  });
});

describe('bodies that hold what must not come in', () => {
  test.each([
    ['{"__proto__":{"admin":true}}', 'value.reserved_key', '/__proto__'],
    ['{"a":[{"__proto__":1}]}', 'value.reserved_key', '/a/0/__proto__'],
    ['{"\\u005f_proto__":1}', 'value.reserved_key', '/__proto__'],
    ['{"constructor":{"prototype":{"a":1}}}', 'value.reserved_key', '/constructor'],
    ['{"a":{"$blob":"00"}}', 'value.reserved_key', '/a/$blob'],
    ['{"\\u0024blob":"00"}', 'value.reserved_key', '/$blob'],
    ['{"$blobs":1}', 'value.reserved_key', '/$blobs'],
    ['{"a":"x\\u0000y"}', 'value.not_json', '/a'],
    ['{"a":["\\ud800"]}', 'value.not_json', '/a/0'],
    ['{"a":"\\udc00\\ud800"}', 'value.not_json', '/a'],
    ['{"a":{"\\ud800":1}}', 'value.not_json', '/a/\ufffd'],
    ['{"a/b":{"~":"\\u0000"}}', 'value.not_json', '/a~1b/~0'],
    ['{"a":1e999}', 'value.not_json', '/a'],
    ['{"a":-1E+400}', 'value.not_json', '/a'],
    [`{"a":${'9'.repeat(400)}}`, 'value.not_json', '/a'],
  ])('refuses %s', (text, code, pointer) => {
    const error = refusal(text);
    expect(error.code).toBe(code);
    expect(error.problems[0]).toMatchObject({ pointer, code });
  });

  test('tells all places at once', () => {
    const error = refusal('{"a":"\\u0000","b":[1,"\\ud800"],"$blob":1}');
    expect(error.problems.map((problem) => problem.pointer)).toEqual(['/a', '/b/1', '/$blob']);
  });
});

describe('nesting', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

  test('takes the deepest that is allowed', () => {
    expect(() => parseJsonBody(Buffer.from(nested(LIMITS.jsonDepth)))).not.toThrow();
  });

  test.each([LIMITS.jsonDepth + 1, 40_000, 5_000_000])('refuses %d levels', (depth) => {
    expect(refusal(nested(depth)).code).toBe('request.too_deep');
    expect(refusal('{"a":'.repeat(depth)).code).toBe('request.too_deep');
  });

  test('does not count brackets within text', () => {
    const text = JSON.stringify({ a: '[{"\\'.repeat(500) });
    expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
  });
});

describe('bodies that are taken', () => {
  test.each([
    '{"a":1,"b":[true,false,null],"c":{"d":"e"}}',
    '"text"',
    '[1.5e10,-0.25,1e-400]',
    '{"emoji":"😀","escaped":"\\ud83d\\ude00","quote":"\\"","tab":"\\t"}',
    '{"constructor":"a word"}',
    '{"price":"5 $","note":"$blob is a word here"}',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parseJsonBody(Buffer.from(text))).toEqual(JSON.parse(text));
  });

  test('drops a byte order mark', () => {
    expect(parseJsonBody(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
  });

  test('lets the last of two equal keys count', () => {
    expect(parseJsonBody(Buffer.from('{"a":1,"a":2}'))).toEqual({ a: 2 });
  });
});
