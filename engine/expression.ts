import type { Json, JsonObject } from '../contracts/json.ts';

/** Names that every expression may use; others are to be listed by the caller. */
export const EXPRESSION_ROOTS = ['input', 'state', 'visit', 'result'] as const;

/** What is wrong with a CEL expression, as a sentence; null if nothing is. */
export function checkExpression(text: string, extraRoots: readonly string[] = []): string | null {
  throw new Error('todo');
}

/** The value of a CEL expression; every key of the scope is a name that it may use. */
export function evaluate(text: string, scope: JsonObject): Json {
  throw new Error('todo');
}

/** What is wrong with a text with `{{ CEL }}` placeholders; null if nothing is. */
export function checkTemplate(text: string, extraRoots: readonly string[] = []): string | null {
  throw new Error('todo');
}

/**
 * The text with its placeholders filled in, once: values are never read as templates. A text that is
 * one placeholder and nothing else keeps the value's type; values other than strings are printed as
 * JSON.
 */
export function renderTemplate(text: string, scope: JsonObject): Json {
  throw new Error('todo');
}
