import { describe, expect, test } from '@jest/globals';
import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { checkSchema, validateJson } from './json-schema.ts';
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
  ])('%s', (_, schema, value, problems) => {
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

  test.each([
    ['date', ['2026-02-28', '2024-02-29'], ['2026-02-30', '2026-13-01', 'today']],
    ['time', ['10:00:00Z', '10:00:00.5+01:00'], ['25:00:00Z', '10:00']],
    [
      'date-time',
      ['2026-01-01T10:00:00Z', '2026-01-01t10:00:00+01:00'],
      ['2026-01-01', '2026-01-01X10:00:00Z', '2026-01-32T10:00:00Z'],
    ],
    ['email', ['a.b@c.de'], ['a', 'a@b c', '@c.de']],
    ['uuid', ['6ba7b810-9dad-11d1-80b4-00c04fd430c8'], ['6ba7b810']],
    ['ipv4', ['127.0.0.1'], ['127.0.0.256', '1.2.3', '1.2.3.4.', '1.2.3.4.5']],
    ['hostname', ['a-b.example'], ['-a.example', 'a..b']],
    ['uri', ['https://a.example/b?c#d', 'urn:a:b'], ['a b', '/relative']],
    ['telepathy', ['anything'], []],
    ['toString', ['anything'], []],
  ])('knows the format %s', (format, good, bad) => {
    for (const text of good) expect(found({ format }, text)).toEqual([]);
    for (const text of bad) expect(found({ format }, text)).toEqual([' schema.format']);
    expect(found({ format }, 1)).toEqual([]);
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

  const doubling = (levels: number): JsonSchema => ({
    $defs: Object.fromEntries(
      Array.from({ length: levels }, (_, at) => [
        `d${at}`,
        { allOf: [{ $ref: `#/$defs/d${at + 1}` }, { $ref: `#/$defs/d${at + 1}` }] },
      ]).concat([[`d${levels}`, true as never]]),
    ),
    $ref: '#/$defs/d0',
  });

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

describe('any schema and value', () => {
  const leaf = fc.oneof(
    fc.constantFrom<JsonObject>(
      { type: 'string' },
      { type: 'integer' },
      { type: ['null', 'array'] },
      { const: 1 },
      { enum: ['a', null] },
    ),
    fc.record({ minimum: fc.integer({ min: -2, max: 2 }) }),
    fc.record({ maxLength: fc.nat({ max: 2 }) }),
    fc.record({ minItems: fc.nat({ max: 2 }) }),
    fc.record({ required: fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 2 }) }),
    fc.constant({ uniqueItems: true }),
    fc.boolean(),
  );
  const { schema } = fc.letrec<{ schema: JsonSchema }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record({
        properties: fc.record({ a: tie('schema') }),
        additionalProperties: tie('schema'),
      }),
      fc.record({
        prefixItems: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }),
        items: tie('schema'),
      }),
      fc.record({ allOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ oneOf: fc.array(tie('schema'), { minLength: 1, maxLength: 2 }) }),
      fc.record({ not: tie('schema') }),
      fc.record({ if: tie('schema'), then: tie('schema'), else: tie('schema') }),
      fc.record({ dependentSchemas: fc.record({ a: tie('schema') }) }),
      fc.record({ propertyNames: tie('schema') }),
    ) as fc.Arbitrary<JsonSchema>,
  }));
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom<Json>(null, true, 0, 1, -1.5, '', 'a', 'abc'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ) as fc.Arbitrary<Json>,
  }));

  test('is judged as another validator judges it', () => {
    fc.assert(
      fc.property(schema, value, (one, other) => {
        const expected = new Validator(structuredClone(one), '2020-12', false).validate(
          other,
        ).valid;
        expect(validateJson(one, other).length === 0).toBe(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  test('is a schema in the eyes of the check, whatever is wrong with the value', () => {
    fc.assert(
      fc.property(schema, (one) => expect(checkSchema('', one)).toEqual([])),
      { numRuns: 300 },
    );
  });
});

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
