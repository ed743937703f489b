import { isJsonObject, type Json, type JsonSchema } from '../contracts/json.ts';
import { isList } from './json-equal.ts';
import { LIMITS } from '../contracts/limits.ts';
import { linearRegex } from './linear-regex.ts';
import { pointTo } from './json-pointer.ts';
import { resolveRef, startRun, type SchemaRun } from './schema-run.ts';
import type { Problem } from '../contracts/problem.ts';

const TYPES: readonly Json[] = [
  'array',
  'boolean',
  'integer',
  'null',
  'number',
  'object',
  'string',
];
const MAX_PROBLEMS = 100;

/** What a keyword's operand has to be. */
type Shape =
  | 'schema'
  | 'schemas'
  | 'schema map'
  | 'pattern map'
  | 'number'
  | 'size'
  | 'names'
  | 'names map'
  | 'text'
  | 'boolean'
  | 'list'
  | 'type'
  | 'pattern'
  | 'ref';

const SHAPES: Readonly<Record<string, Shape>> = {
  $ref: 'ref',
  $dynamicRef: 'ref',
  $anchor: 'text',
  $dynamicAnchor: 'text',
  $id: 'text',
  $defs: 'schema map',
  definitions: 'schema map',
  type: 'type',
  enum: 'list',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  not: 'schema',
  if: 'schema',
  then: 'schema',
  else: 'schema',
  properties: 'schema map',
  patternProperties: 'pattern map',
  additionalProperties: 'schema',
  unevaluatedProperties: 'schema',
  propertyNames: 'schema',
  dependentSchemas: 'schema map',
  dependentRequired: 'names map',
  required: 'names',
  prefixItems: 'schemas',
  items: 'schema',
  unevaluatedItems: 'schema',
  contains: 'schema',
  minContains: 'size',
  maxContains: 'size',
  minItems: 'size',
  maxItems: 'size',
  uniqueItems: 'boolean',
  minProperties: 'size',
  maxProperties: 'size',
  minLength: 'size',
  maxLength: 'size',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
  pattern: 'pattern',
  format: 'text',
};

/** A place in a schema that is yet to be looked at. */
interface Place {
  readonly pointer: string;
  readonly value: Json;
  readonly depth: number;
}

/** What is wrong with a JSON Schema that an author wrote at `pointer`. */
export function checkSchema(pointer: string, schema: JsonSchema): readonly Problem[] {
  if (JSON.stringify(schema).length > LIMITS.schemaBytes) {
    const message = `a schema may have ${LIMITS.schemaBytes} bytes at most; shorten it`;
    return [{ pointer, code: 'schema.too_large', message }];
  }
  const run = startRun(schema);
  const problems: Problem[] = [];
  const places: Place[] = [{ pointer, value: schema, depth: 0 }];
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    if (problems.length >= MAX_PROBLEMS) break;
    checkPlace(run, place, { problems, places });
  }
  return problems.reverse();
}

function checkPlace(
  run: SchemaRun,
  { pointer, value, depth }: Place,
  found: { readonly problems: Problem[]; readonly places: Place[] },
): void {
  if (typeof value === 'boolean') return;
  if (!isJsonObject(value)) {
    found.problems.push(invalid(pointer, 'a schema must be an object or a boolean'));
    return;
  }
  if (depth > LIMITS.jsonDepth) {
    found.problems.push(invalid(pointer, `schemas may be nested ${LIMITS.jsonDepth} deep at most`));
    return;
  }
  for (const [keyword, operand] of Object.entries(value)) {
    const shape = Object.hasOwn(SHAPES, keyword) ? SHAPES[keyword] : undefined;
    if (shape === undefined) continue;
    const at = pointTo(pointer, keyword);
    const problem = checkOperand(run, { shape, operand, at });
    if (problem !== null) found.problems.push(problem);
    for (const [key, inner] of innerSchemas(shape, operand)) {
      const innerPointer = key === null ? at : pointTo(at, key);
      found.places.push({ pointer: innerPointer, value: inner, depth: depth + 1 });
    }
  }
}

/** The schemas inside an operand; the key is null when the operand is itself the schema. */
function innerSchemas(shape: Shape, operand: Json): readonly (readonly [string | null, Json])[] {
  if (shape === 'schema') return [[null, operand]];
  if (shape === 'schemas' && isList(operand)) {
    return operand.map((schema, index) => [String(index), schema]);
  }
  const isMap = shape === 'schema map' || shape === 'pattern map';
  return isMap && isJsonObject(operand) ? Object.entries(operand) : [];
}

function checkOperand(
  run: SchemaRun,
  what: { readonly shape: Shape; readonly operand: Json; readonly at: string },
): Problem | null {
  const { shape, operand, at } = what;
  if (shape === 'ref') return checkRef(run, at, operand);
  if (shape === 'pattern') return checkPattern(at, operand);
  if (shape === 'pattern map' && isJsonObject(operand)) {
    for (const pattern of Object.keys(operand)) {
      const problem = checkPattern(pointTo(at, pattern), pattern);
      if (problem !== null) return problem;
    }
  }
  return fits(shape, operand) ? null : invalid(at, `must be ${WORDS[shape]}`);
}

const WORDS: Readonly<Record<Shape, string>> = {
  schema: 'a schema',
  schemas: 'a list of schemas with at least one',
  'schema map': 'an object of schemas',
  'pattern map': 'an object of schemas',
  number: 'a number',
  size: 'a whole number that is not negative',
  names: 'a list of different names',
  'names map': 'an object of lists of names',
  text: 'a text',
  boolean: 'a boolean',
  list: 'a list',
  type: `one of ${TYPES.map(String).join(', ')}, or a list of them`,
  pattern: 'a regular expression',
  ref: 'a reference within the schema',
};

function fits(shape: Shape, operand: Json): boolean {
  switch (shape) {
    case 'schemas':
      return isList(operand) && operand.length > 0;
    case 'schema map':
    case 'pattern map':
      return isJsonObject(operand);
    case 'number':
      return typeof operand === 'number';
    case 'size':
      return typeof operand === 'number' && Number.isInteger(operand) && operand >= 0;
    case 'names':
      return isNames(operand);
    case 'names map':
      return isJsonObject(operand) && Object.values(operand).every(isNames);
    case 'boolean':
      return typeof operand === 'boolean';
    case 'list':
      return isList(operand);
    case 'type':
      if (isList(operand))
        return operand.length > 0 && operand.every((type) => TYPES.includes(type));
      return TYPES.includes(operand);
    case 'schema':
      // It is looked at as a place of its own.
      return true;
    default:
      return typeof operand === 'string';
  }
}

function isNames(operand: Json): boolean {
  if (!isList(operand) || !operand.every((name) => typeof name === 'string')) return false;
  return new Set(operand).size === operand.length;
}

function checkRef(run: SchemaRun, at: string, operand: Json): Problem | null {
  if (typeof operand !== 'string') return invalid(at, 'must be a text');
  if (!operand.startsWith('#')) {
    const message = 'refers to another document; copy what it says into $defs';
    return { pointer: at, code: 'schema.remote_ref', message };
  }
  if (resolveRef(run, operand) !== undefined) return null;
  return { pointer: at, code: 'schema.unknown_ref', message: 'refers to something unknown' };
}

function checkPattern(at: string, operand: Json): Problem | null {
  if (typeof operand !== 'string') return invalid(at, 'must be a text');
  const compiled = linearRegex(operand);
  if ('regex' in compiled) return null;
  return { pointer: at, code: 'schema.bad_pattern', message: compiled.problem };
}

function invalid(pointer: string, message: string): Problem {
  return { pointer, code: 'schema.invalid', message };
}
