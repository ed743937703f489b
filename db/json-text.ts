/** JSON text that PostgreSQL's `jsonb` accepts. */
export type JsonText = string & { readonly jsonText: true };

/** `JSON.stringify` escapes NUL and lone surrogates, and `jsonb` refuses both. */
const SUSPECT = /\\u(?:0000|d[89a-f])/;
/** An escape after an even number of backslashes: the others are a backslash and plain text. */
const REFUSED = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;
const REPLACEMENT = '$1\uFFFD';

/** The value as JSON text; characters that the database cannot hold become U+FFFD. */
export function jsonText(value: unknown): JsonText {
  return storable(JSON.stringify(value));
}

/** The same for text that is JSON already. */
export function storable(text: string): JsonText {
  const clean = SUSPECT.test(text) ? text.replace(REFUSED, REPLACEMENT) : text;
  return clean as JsonText;
}
