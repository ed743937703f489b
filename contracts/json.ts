/** A JSON value as `JSON.parse` returns it. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object; keys are own and enumerable. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A JSON Schema (2020-12) document, carried as plain JSON. */
export type JsonSchema = JsonObject | boolean;

/** True for an object that is neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
