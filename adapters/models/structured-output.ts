import { AppError } from '../../contracts/app-error.ts';
import { isJsonObject, type Json, type JsonObject, type JsonSchema } from '../../contracts/json.ts';
import type { ModelDeps } from './config.ts';

/** The tool that carries the output where a vendor has no output format, or none beside tools. */
export const ANSWER_TOOL = 'structured_answer';

/** How a schema is put to a vendor. Vendors take objects only: other values travel in one. */
export interface OutputPlan {
  readonly asked: JsonSchema;
  readonly schema: JsonObject;
  readonly wrapped: boolean;
}

/** The plan for a schema. */
export function planOutput(asked: JsonSchema): OutputPlan {
  if (isJsonObject(asked) && asked['type'] === 'object') {
    return { asked, schema: asked, wrapped: false };
  }
  const schema: JsonObject = {
    type: 'object',
    properties: { value: asked === true ? {} : asked },
    required: ['value'],
    additionalProperties: false,
    ...definitionsOf(asked),
  };
  return { asked, schema, wrapped: true };
}

/** References such as `#/$defs/x` start at the root, which the object has become. */
function definitionsOf(asked: JsonSchema): JsonObject {
  if (!isJsonObject(asked)) return {};
  const keys = ['$defs', 'definitions'].filter((key) => asked[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, asked[key] ?? {}]));
}

/** The value in a model's text. Throws `model.invalid_output` unless it fits the schema. */
export function parseOutput(plan: OutputPlan, text: string, deps: ModelDeps): Json {
  const parsed = parseJsonText(text);
  const boxed = plan.wrapped && isJsonObject(parsed) ? parsed['value'] : undefined;
  const value = boxed === undefined ? parsed : boxed;
  return checkOutput(plan.asked, value, deps);
}

/** The value itself. Throws `model.invalid_output` unless it fits the schema. */
export function checkOutput(schema: JsonSchema, value: Json, deps: ModelDeps): Json {
  const problems = deps.validate(schema, value);
  const first = problems[0];
  if (first === undefined) return value;
  const place = first.pointer === '' ? '' : ` at ${first.pointer}`;
  throw new AppError(
    'model.invalid_output',
    `the model's output does not fit its schema${place}: ${first.message}`,
    { problems },
  );
}

/** The JSON value that a model's text is. Throws `model.invalid_output` if it is none. */
export function parseJsonText(text: string): Json {
  try {
    return JSON.parse(unfenced(text)) as Json;
  } catch {
    const what = text.trim() === '' ? 'is empty' : 'is not JSON';
    throw new AppError('model.invalid_output', `the model's structured output ${what}`);
  }
}

/** Models without an output format like to put their JSON into a Markdown fence. */
function unfenced(text: string): string {
  const match = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/.exec(text);
  return match?.[1] ?? text;
}

/** What a model without an output format is told. */
export function outputInstructions(plan: OutputPlan): string {
  const schema = JSON.stringify(plan.schema);
  return `When you give your final answer, answer with nothing but JSON that fits this JSON Schema: ${schema}`;
}

/** True when the schema meets what strict modes demand: closed objects, every property required. */
export function isStrict(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.every((item: Json) => isStrict(item));
  if (!isJsonObject(schema)) return true;
  if (schema['type'] === 'object' || schema['properties'] !== undefined) {
    const properties = isJsonObject(schema['properties']) ? Object.keys(schema['properties']) : [];
    const required = Array.isArray(schema['required']) ? schema['required'] : [];
    if (schema['additionalProperties'] !== false) return false;
    if (!properties.every((name) => required.includes(name))) return false;
  }
  if (UNSUPPORTED_WHEN_STRICT.some((keyword) => schema[keyword] !== undefined)) return false;
  return Object.values(schema).every((value) => isStrict(value));
}

const UNSUPPORTED_WHEN_STRICT = [
  'allOf',
  'oneOf',
  'not',
  'if',
  'dependentRequired',
  'dependentSchemas',
  'patternProperties',
  'uniqueItems',
  'default',
];
