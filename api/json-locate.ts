const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Where text stops being JSON: the offset of the first character that does not belong. */
export function locateJsonError(text: string): number {
  const state: Cursor = { text, at: 0 };
  if (value(state)) space(state);
  return state.at;
}

interface Cursor {
  readonly text: string;
  at: number;
}

function take(cursor: Cursor, pattern: RegExp): boolean {
  pattern.lastIndex = cursor.at;
  if (!pattern.test(cursor.text)) return false;
  cursor.at = pattern.lastIndex;
  return true;
}

function space(cursor: Cursor): void {
  take(cursor, SPACE);
}

function char(cursor: Cursor, expected: string): boolean {
  space(cursor);
  if (cursor.text[cursor.at] !== expected) return false;
  cursor.at += 1;
  return true;
}

function value(cursor: Cursor): boolean {
  space(cursor);
  if (char(cursor, '{')) return list(cursor, '}', member);
  if (char(cursor, '[')) return list(cursor, ']', value);
  return take(cursor, STRING) || take(cursor, PLAIN);
}

function member(cursor: Cursor): boolean {
  space(cursor);
  return take(cursor, STRING) && char(cursor, ':') && value(cursor);
}

function list(cursor: Cursor, end: string, item: (cursor: Cursor) => boolean): boolean {
  if (char(cursor, end)) return true;
  do {
    if (!item(cursor)) return false;
  } while (char(cursor, ','));
  return char(cursor, end);
}
