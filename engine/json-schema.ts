import type { Json, JsonSchema } from '../contracts/json.ts';
import type { Problem } from '../contracts/problem.ts';

/** Where a value does not fit the schema; pointers lead into the value, behind the prefix. */
export function validateJson(
  schema: JsonSchema,
  value: Json,
  pointerPrefix = '',
): readonly Problem[] {
  throw new Error('todo');
}

/** What is wrong with a JSON Schema that an author wrote at `pointer`. */
export function checkSchema(pointer: string, schema: JsonSchema): readonly Problem[] {
  throw new Error('todo');
}
