import { describe, expect, test } from '@jest/globals';
import { validateJson } from './json-schema.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';

/** Problems as `pointer code`. */
function found(schema: JsonSchema, value: Json): readonly string[] {
  return validateJson(schema, value).map((problem) => `${problem.pointer} ${problem.code}`);
}

const TREE: JsonSchema = {
  type: 'object',
  properties: { next: { $ref: '#' } },
  additionalProperties: false,
};

describe('validateJson', () => {
  test.each<[string, JsonSchema, Json, readonly string[]]>([
    ['true takes all', true, 1, []],
    ['false takes nothing', false, 1, [' schema.false']],
    ['type', { type: 'number' }, 'a', [' schema.type']],
    ['integer', { type: 'integer' }, 1.5, [' schema.type']],
    ['types', { type: ['string', 'null'] }, null, []],
    ['array is no object', { type: 'object' }, [], [' schema.type']],
    ['const', { const: { a: [1, null] } }, { a: [1, null] }, []],
    ['const differs', { const: { a: 1 } }, { a: 2 }, [' schema.const']],
    ['const has more', { const: { a: 1 } }, { a: 1, b: 2 }, [' schema.const']],
    ['const list', { const: [1] }, [1, 2], [' schema.const']],
    ['const list and object', { const: [1] }, { 0: 1 }, [' schema.const']],
    ['enum', { enum: ['a', 'b'] }, 'c', [' schema.enum']],
    ['enum fits', { enum: ['a', [1]] }, [1], []],
    ['minimum', { minimum: 1 }, 0, [' schema.minimum']],
    ['maximum', { maximum: 1 }, 2, [' schema.maximum']],
    [
      'exclusive',
      { exclusiveMinimum: 1, exclusiveMaximum: 1 },
      1,
      [' schema.exclusiveMinimum', ' schema.exclusiveMaximum'],
    ],
    ['multiple', { multipleOf: 0.1 }, 0.3, []],
    ['no multiple', { multipleOf: 2 }, 3, [' schema.multipleOf']],
    ['minLength in code points', { minLength: 2 }, '👋', [' schema.minLength']],
    ['maxLength', { maxLength: 1 }, '👋', []],
    ['maxLength exceeded', { maxLength: 1 }, 'ab', [' schema.maxLength']],
    ['items count', { minItems: 1, maxItems: 1 }, [], [' schema.minItems']],
    ['too many items', { maxItems: 1 }, [1, 2], [' schema.maxItems']],
    ['properties count', { minProperties: 1 }, {}, [' schema.minProperties']],
    ['too many properties', { maxProperties: 0 }, { a: 1 }, [' schema.maxProperties']],
    [
      'sizes say nothing of other types',
      { minLength: 1, minItems: 1, minProperties: 1, minimum: 1 },
      true,
      [],
    ],
    ['pattern', { pattern: '^a+$' }, 'ab', [' schema.pattern']],
    ['pattern fits', { pattern: '^a+$' }, 'aa', []],
    ['pattern of another engine', { pattern: '(?=a)b' }, 'c', []],
    ['required', { required: ['a', 'b/c'] }, {}, ['/a schema.required', '/b~1c schema.required']],
    ['required is not inherited', { required: ['toString'] }, {}, ['/toString schema.required']],
    [
      'dependentRequired',
      { dependentRequired: { a: ['b'] } },
      { a: 1 },
      ['/b schema.dependentRequired'],
    ],
    ['dependentRequired without its field', { dependentRequired: { a: ['b'] } }, {}, []],
    [
      'unique',
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [' schema.uniqueItems'],
    ],
    ['unique fits', { uniqueItems: true }, [1, '1', [1]], []],
    ['properties', { properties: { a: { type: 'string' } } }, { a: 1, b: 1 }, ['/a schema.type']],
    [
      'nested',
      { properties: { a: { items: { required: ['b'] } } } },
      { a: [{}] },
      ['/a/0/b schema.required'],
    ],
    [
      'additional',
      { properties: { a: true }, patternProperties: { '^x': true }, additionalProperties: false },
      { a: 1, x1: 1, z: 1 },
      ['/z schema.additionalProperties'],
    ],
    [
      'additional typed',
      { additionalProperties: { type: 'number' } },
      { a: 'a' },
      ['/a schema.type'],
    ],
    [
      'patternProperties',
      { patternProperties: { '^x': false } },
      { x1: 1 },
      ['/x1 schema.patternProperties'],
    ],
    ['propertyNames', { propertyNames: { maxLength: 1 } }, { ab: 1 }, ['/ab schema.maxLength']],
    [
      'prefixItems and items',
      { prefixItems: [{ type: 'string' }], items: { type: 'number' } },
      ['a', 'b'],
      ['/1 schema.type'],
    ],
    ['items as a list', { items: [{ type: 'string' }] }, [1, 1], ['/0 schema.type']],
    ['contains', { contains: { type: 'number' } }, ['a'], [' schema.contains']],
    [
      'contains at most',
      { contains: { type: 'number' }, maxContains: 1 },
      [1, 2],
      [' schema.contains'],
    ],
    ['contains none', { contains: { type: 'number' }, minContains: 0 }, [], []],
    [
      'allOf',
      { allOf: [{ minimum: 1 }, { maximum: -1 }] },
      0,
      [' schema.minimum', ' schema.maximum'],
    ],
    ['anyOf', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, [' schema.anyOf']],
    ['anyOf of none', { anyOf: [] }, 1, [' schema.anyOf']],
    ['anyOf fits', { anyOf: [{ type: 'string' }, { type: 'number' }] }, 1, []],
    ['oneOf fits two', { oneOf: [true, true] }, 1, [' schema.oneOf']],
    ['oneOf fits none', { oneOf: [false] }, 1, [' schema.oneOf']],
    ['oneOf', { oneOf: [{ type: 'string' }, { type: 'number' }] }, 1, []],
    ['not', { not: { type: 'number' } }, 1, [' schema.not']],
    [
      'if then',
      { if: { type: 'number' }, then: { minimum: 1 }, else: false },
      0,
      [' schema.minimum'],
    ],
    ['if else', { if: { type: 'number' }, else: false }, 'a', [' schema.false']],
    ['if alone', { if: { type: 'number' } }, 'a', []],
    [
      'dependentSchemas',
      { dependentSchemas: { a: { required: ['b'] } } },
      { a: 1 },
      ['/b schema.required'],
    ],
    ['dependentSchemas without its field', { dependentSchemas: { a: false } }, {}, []],
    [
      'unevaluatedProperties',
      {
        allOf: [{ properties: { a: true } }],
        if: { properties: { b: true } },
        unevaluatedProperties: false,
      },
      { a: 1, b: 1, c: 1 },
      ['/c schema.unevaluatedProperties'],
    ],
    [
      'unevaluatedItems',
      { prefixItems: [true], contains: { const: 2 }, unevaluatedItems: false },
      [1, 2, 3],
      ['/2 schema.false'],
    ],
    [
      'seen by any and one',
      {
        anyOf: [{ properties: { a: true } }],
        oneOf: [{ properties: { b: true } }],
        unevaluatedProperties: false,
      },
      { a: 1, b: 1 },
      [],
    ],
    [
      'recursion',
      TREE,
      { next: { next: { other: 1 } } },
      ['/next/next/other schema.additionalProperties'],
    ],
    [
      '$defs',
      { $defs: { 'a b/c': { type: 'null' } }, $ref: '#/$defs/a%20b~1c' },
      1,
      [' schema.type'],
    ],
    [
      'anchors',
      {
        $defs: { a: { $anchor: 'here', type: 'null' } },
        items: { $ref: '#here' },
        prefixItems: [],
      },
      [1],
      ['/0 schema.type'],
    ],
    ['unknown references', { $ref: '#/nowhere' }, 1, [' schema.$ref']],
    ['references to values', { enum: [1], $ref: '#/enum/0' }, 1, [' schema.$ref']],
    ['references through text', { title: 'a', $ref: '#/title/0' }, 1, [' schema.$ref']],
    ['malformed references', { $ref: '#%' }, 1, [' schema.$ref']],
    ['references that are not texts', { $ref: 1 }, 1, [' schema.$ref']],
    ['remote references', { $ref: 'other.json' }, 1, [' schema.$ref']],
    ['unknown anchors', { $ref: '#gone' }, 1, [' schema.$ref']],
    [
      'inherited keywords do not count',
      JSON.parse('{"__proto__": {"type": "null"}}') as JsonSchema,
      1,
      [],
    ],
  ])('%s', (...[, schema, value, problems]) => {
    expect(found(schema, value)).toEqual(problems);
  });

  test('takes keywords with operands of a wrong kind as absent', () => {
    const schema: JsonObject = Object.fromEntries(
      [
        'enum',
        'minimum',
        'minLength',
        'minItems',
        'pattern',
        'format',
        'required',
        'allOf',
        'dependentRequired',
        'dependentSchemas',
        'properties',
        'patternProperties',
        'prefixItems',
      ].map((key) => [key, null]),
    );
    for (const value of [1, 'a', [1], { a: 1 }]) expect(found(schema, value)).toEqual([]);
  });

  test('says in words what is wrong, and where', () => {
    const schema = {
      properties: { age: { type: ['integer', 'null'] }, kind: { anyOf: [{ const: 'a' }] } },
      required: ['name'],
    };
    expect(validateJson(schema, { age: 'x', kind: 'b' }, '/input')).toEqual([
      { pointer: '/input/name', code: 'schema.required', message: 'is required but missing' },
      {
        pointer: '/input/age',
        code: 'schema.type',
        message: 'must be integer or null but is string',
      },
      {
        pointer: '/input/kind',
        code: 'schema.anyOf',
        message: 'fits none of the allowed forms; the closest one: /input/kind must be "a"',
      },
    ]);
    expect(validateJson({ anyOf: [{ type: 'null' }] }, 1)[0]?.message).toContain('it must be null');
    expect(validateJson({ enum: ['x'.repeat(500)] }, 1)[0]?.message).toHaveLength(216);
  });

  test('reports no more than a hundred problems', () => {
    const value = Array.from({ length: 1_000 }, () => 'a');
    expect(validateJson({ items: { type: 'number' } }, value)).toHaveLength(100);
  });

  const doubling = (levels: number): JsonSchema => {
    const definitions = Array.from({ length: levels }, (_, at): [string, JsonSchema] => {
      const next = { $ref: `#/$defs/d${at + 1}` };
      return [`d${at}`, { allOf: [next, next] }];
    });
    const last: [string, JsonSchema] = [`d${levels}`, true];
    return { $defs: Object.fromEntries([...definitions, last]), $ref: '#/$defs/d0' };
  };

  test.each<[string, JsonSchema, Json]>([
    ['a reference to itself', { $ref: '#' }, 1],
    ['references that double', doubling(40), 1],
    [
      'a costly pattern many times',
      { items: { allOf: Array.from({ length: 50 }, () => ({ pattern: '(a+)+$' })) } },
      Array.from({ length: 10 }, () => 'a'.repeat(10_000) + 'b'),
    ],
  ])('gives up %s', (_, schema, value) => {
    expect(found(schema, value)).toEqual([' schema.too_expensive']);
  });

  test('is not held up by a pattern that backtracks elsewhere', () => {
    expect(found({ pattern: '^(a+)+$' }, `${'a'.repeat(1_000)}b`)).toEqual([' schema.pattern']);
  });

  test('lets other errors through', () => {
    const value = {
      get a(): Json {
        throw new Error('from outside');
      },
    };
    expect(() => validateJson({ properties: { a: true } }, value)).toThrow('from outside');
  });
});
