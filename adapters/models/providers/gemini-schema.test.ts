import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../contracts/json.ts';
import { toGeminiSchema } from './gemini-schema.ts';
import { toFunctionTool, withoutTopCompositions } from './to-langchain.ts';

describe('a schema for Gemini', () => {
  test.each<[JsonObject, JsonObject]>([
    [
      {
        type: 'object',
        additionalProperties: false,
        $schema: 'x',
        properties: { a: { const: 'b' } },
      },
      { type: 'object', properties: { a: { type: 'string', format: 'enum', enum: ['b'] } } },
    ],
    [{ type: ['string', 'null'] }, { type: 'string', nullable: true }],
    [{ type: 'integer', enum: [1, 2] }, { type: 'integer' }],
    [{ oneOf: [{ type: 'string' }, true] }, { anyOf: [{ type: 'string' }, { type: 'string' }] }],
    [
      { type: 'array', items: { type: 'number', exclusiveMinimum: 0 } },
      { type: 'array', items: { type: 'number' } },
    ],
  ])('%j becomes %j', (schema, expected) => {
    expect(toGeminiSchema(schema)).toEqual(expected);
  });
});

describe('a tool for a vendor', () => {
  test('has parameters that are an object', () => {
    const tool = toFunctionTool({ name: 'now', description: 'time', parameters: true });
    expect(tool.function.parameters).toEqual({ type: 'object', properties: {} });
  });

  test('keeps the properties of branches that must go', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' } },
      anyOf: [{ required: ['a'] }, { properties: { b: { type: 'number' } } }],
    };
    expect(withoutTopCompositions(schema)).toEqual({
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'number' } },
    });
  });
});
