import { AppError } from '../../contracts/app-error.ts';
import { contentText } from '../../contracts/message.ts';
import { renderTemplate } from '../../engine/expression.ts';
import type { Json, JsonObject, JsonSchema } from '../../contracts/json.ts';
import type { NodeContext, Scope } from './node-type.ts';

/** The node's config as its type knows it: compilation has checked it against the type's schema. */
export function readConfig<T extends object>(context: Pick<NodeContext, 'config'>): Readonly<T> {
  return context.config as unknown as Readonly<T>;
}

/** Names that a node's expressions may use. */
export function rootsOf(scope: Scope): JsonObject {
  return { input: scope.input, state: scope.state, visit: scope.visit };
}

/** A template filled in and printed as text. */
export function renderText(text: string, scope: Scope): string {
  return text.includes('{{') ? contentText(renderTemplate(text, rootsOf(scope))) : text;
}

/** The value with every template among its strings filled in. */
export function renderDeep(value: Json, scope: Scope): Json {
  if (typeof value === 'string') {
    return value.includes('{{') ? renderTemplate(value, rootsOf(scope)) : value;
  }
  if (Array.isArray(value)) return value.map((item: Json) => renderDeep(item, scope));
  if (typeof value === 'object' && value !== null) return renderFields(value as JsonObject, scope);
  return value;
}

/** The object with every template among its strings filled in. */
export function renderFields(value: JsonObject, scope: Scope): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, renderDeep(item, scope)]),
  );
}

/** Every string in the value, with its pointer behind the prefix. */
export function stringsOf(value: Json, pointer: string): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[pointer, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]: [string, Json]) =>
    stringsOf(item, `${pointer}/${escapePointer(name)}`),
  );
}

/** A name as a JSON pointer spells it. */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Schema of a config: these properties and no others. */
export function configSchema(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = [],
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** Fails a step whose node type was given something that compilation should have refused. */
export function impossible(message: string): never {
  throw new AppError('internal', message);
}
