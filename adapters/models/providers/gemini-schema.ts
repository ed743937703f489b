import { isJsonObject, type Json, type JsonObject } from '../../../contracts/json.ts';

/** Keywords that Gemini's function declarations know; others fail the whole request. */
const KEPT = [
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'required',
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'pattern',
] as const;

/** The schema in Gemini's dialect, looser where it must be: arguments are checked against the real one. */
export function toGeminiSchema(schema: JsonObject): JsonObject {
  const kept = Object.fromEntries(
    KEPT.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]]])),
  );
  return { ...kept, ...typeOf(schema), ...enumOf(schema), ...partsOf(schema) };
}

function typeOf(schema: JsonObject): JsonObject {
  const { type } = schema;
  if (!Array.isArray(type)) return {};
  const types: readonly Json[] = type.filter((name: Json) => name !== 'null');
  return { type: types[0] ?? 'string', ...(types.length < type.length ? { nullable: true } : {}) };
}

/** Only strings may be enumerated there. */
function enumOf(schema: JsonObject): JsonObject {
  const values = schema['const'] === undefined ? schema['enum'] : [schema['const']];
  if (!Array.isArray(values)) return {};
  const strings: readonly Json[] = values.filter(
    (value: Json) => typeof value === 'string' && value !== '',
  );
  if (strings.length < values.length || strings.length === 0) return {};
  return { type: 'string', format: 'enum', enum: strings };
}

function partsOf(schema: JsonObject): JsonObject {
  const { properties, items } = schema;
  const choices = schema['anyOf'] ?? schema['oneOf'];
  return {
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, part]) => [name, partOf(part)]),
          ),
        }
      : {}),
    ...(items === undefined ? {} : { items: partOf(items) }),
    ...(Array.isArray(choices) ? { anyOf: choices.map((part: Json) => partOf(part)) } : {}),
  };
}

function partOf(part: Json): JsonObject {
  return isJsonObject(part) ? toGeminiSchema(part) : { type: 'string' };
}
