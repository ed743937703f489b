import { Validator, type Schema } from '@cfworker/json-schema';
import { evaluate } from '@marcbachmann/cel-js';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { ModelDeps } from '../../adapters/models/config.ts';

function plain(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) =>
      typeof item === 'bigint' ? Number(item) : item,
    ),
  ) as Json;
}

function cel(text: string, scope: JsonObject): Json {
  const big = JSON.parse(JSON.stringify(scope), (_key, item: unknown) =>
    Number.isInteger(item) ? BigInt(item as number) : item,
  ) as Record<string, unknown>;
  return plain(evaluate(text, big));
}

/** The engine's functions. */
export const MODEL_DEPS: ModelDeps = {
  validate: (schema, value) =>
    new Validator(schema as Schema).validate(value).errors.map((error) => ({
      pointer: error.instanceLocation.slice(1),
      code: 'x',
      message: error.error,
    })),
  evaluate: cel,
  renderTemplate: (text, scope) => {
    const whole = /^\{\{((?:(?!\}\}).)*)\}\}$/.exec(text)?.[1];
    if (whole !== undefined) return cel(whole, scope);
    return text.replace(/\{\{(.*?)\}\}/g, (_match, part: string) => {
      const value = cel(part, scope);
      return typeof value === 'string' ? value : JSON.stringify(value);
    });
  },
};
