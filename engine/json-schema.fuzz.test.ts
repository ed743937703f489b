import { describe, expect, test } from '@jest/globals';
import { Validator } from '@cfworker/json-schema';
import fc from 'fast-check';
import { checkSchema, validateJson } from './json-schema.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';

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
    ),
  }));
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 2 },
      fc.constantFrom<Json>(null, true, 0, 1, -1.5, '', 'a', 'abc'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
    ),
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
