import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../contracts/json.ts';

const REFERENCE = '#/$defs/';
const COMPONENT = '#/components/schemas/';

/** Turns zod schemas into JSON Schema; named ones are collected as components. */
export interface SchemaCollector {
  /** What a caller sends or gets. */
  add(schema: z.ZodType): JsonObject;
  /** Fields of a query, as they read once parsed, with whether they are required. */
  fields(schema: z.ZodType): readonly { name: string; schema: JsonObject; required: boolean }[];
  readonly components: Readonly<Record<string, JsonObject>>;
}

/** A collector with no components yet. */
export function createSchemaCollector(): SchemaCollector {
  const components: Record<string, JsonObject> = {};
  const convert = (schema: z.ZodType, io: 'input' | 'output'): JsonObject => {
    // Wrapped, so that a named schema becomes a reference at the top too.
    const wrapped = z.toJSONSchema(z.object({ it: schema }), { io, unrepresentable: 'any' });
    const document = object(relink(wrapped));
    for (const [name, component] of Object.entries(object(document['$defs']))) {
      components[name] = object(component);
    }
    return object(object(document['properties'])['it']);
  };
  return {
    components,
    add: (schema) => convert(schema, 'input'),
    fields: (schema) => {
      const { properties, required } = convert(schema, 'output');
      const needed = Array.isArray(required) ? required : [];
      return Object.entries(object(properties)).map(([name, field]) => ({
        name,
        schema: object(field),
        required: needed.includes(name),
      }));
    },
  };
}

function object(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The document as plain JSON, its references leading to components. */
function relink(document: unknown): unknown {
  const text = JSON.stringify(document, (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' ? value.replace(REFERENCE, COMPONENT) : value,
  );
  return JSON.parse(text) as unknown;
}
