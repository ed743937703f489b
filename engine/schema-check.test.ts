import { describe, expect, test } from '@jest/globals';
import { checkSchema } from './json-schema.ts';
import type { JsonSchema } from '../contracts/json.ts';

describe('checkSchema', () => {
  test.each<[string, JsonSchema, string]>([
    ['/type', { type: 'text' }, 'schema.invalid'],
    ['/type', { type: [] }, 'schema.invalid'],
    ['/type', { type: ['string', 1] }, 'schema.invalid'],
    ['/properties', { properties: [] }, 'schema.invalid'],
    ['/properties/a~1b/type', { properties: { 'a/b': { type: 1 } } }, 'schema.invalid'],
    ['/items', { items: 1 }, 'schema.invalid'],
    ['/items', { items: [true] }, 'schema.invalid'],
    ['/anyOf', { anyOf: [] }, 'schema.invalid'],
    ['/anyOf/1', { anyOf: [true, null] }, 'schema.invalid'],
    ['/required', { required: 'a' }, 'schema.invalid'],
    ['/required', { required: ['a', 'a'] }, 'schema.invalid'],
    ['/required', { required: [1] }, 'schema.invalid'],
    ['/dependentRequired', { dependentRequired: { a: 'b' } }, 'schema.invalid'],
    ['/minLength', { minLength: -1 }, 'schema.invalid'],
    ['/minimum', { minimum: '1' }, 'schema.invalid'],
    ['/uniqueItems', { uniqueItems: 1 }, 'schema.invalid'],
    ['/enum', { enum: 'a' }, 'schema.invalid'],
    ['/format', { format: 1 }, 'schema.invalid'],
    ['/pattern', { pattern: 1 }, 'schema.invalid'],
    ['/pattern', { pattern: '(' }, 'schema.bad_pattern'],
    ['/pattern', { pattern: '(?=a)b' }, 'schema.bad_pattern'],
    ['/pattern', { pattern: 'a'.repeat(257) }, 'schema.bad_pattern'],
    [
      '/pattern',
      { pattern: '(a{900}){3}|((a{30}){30}b){1}(c{999})(d{999})' },
      'schema.bad_pattern',
    ],
    ['/patternProperties/(', { patternProperties: { '(': true } }, 'schema.bad_pattern'],
    ['/patternProperties', { patternProperties: 1 }, 'schema.invalid'],
    ['/$ref', { $ref: 1 }, 'schema.invalid'],
    ['/$ref', { $ref: 'https://example.com/schema' }, 'schema.remote_ref'],
    ['/$ref', { $ref: '#/$defs/gone' }, 'schema.unknown_ref'],
    ['', { description: 'x'.repeat(70_000) }, 'schema.too_large'],
    ['', 1 as never, 'schema.invalid'],
  ])('finds what is wrong at %s in %j', (pointer, schema, code) => {
    expect(checkSchema('/x', schema)).toMatchObject([{ pointer: `/x${pointer}`, code }]);
  });

  test('reports several problems in the order of the document', () => {
    const problems = checkSchema('', { properties: { a: { type: 1 }, b: { minimum: 'a' } } });
    expect(problems.map((problem) => problem.pointer)).toEqual([
      '/properties/a/type',
      '/properties/b/minimum',
    ]);
  });

  test('refuses schemas that are nested too deep, and stops at a hundred problems', () => {
    let deep: JsonSchema = true;
    for (let level = 0; level < 70; level++) deep = { not: deep };
    expect(checkSchema('', deep)).toMatchObject([{ code: 'schema.invalid' }]);
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`p${at}`, { type: 1 }]),
    );
    expect(checkSchema('', { properties: many })).toHaveLength(100);
  });

  test('takes a schema with all that 2020-12 has', () => {
    const schema: JsonSchema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'all',
      $defs: { a: { $anchor: 'a', type: 'string', pattern: '^a' } },
      properties: { a: { $ref: '#a' }, b: { $ref: '#/$defs/a' } },
      patternProperties: { '^x': { minimum: 1 } },
      dependentRequired: { a: ['b'] },
      anyOf: [true, { type: ['object', 'null'] }],
      minProperties: 1,
      default: { anything: 'goes' },
    };
    expect(checkSchema('', schema)).toEqual([]);
  });
});
