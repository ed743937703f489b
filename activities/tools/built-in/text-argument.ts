import type { JsonObject } from '../../../contracts/json.ts';

/** A text argument; the tool's parameters have been checked, so that it is there. */
export function textOf(args: JsonObject, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}
