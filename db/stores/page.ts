import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';

/** Which page of a list is asked for; `cursor` comes from the page before. */
export interface PageRequest {
  readonly cursor?: string;
  /** At most `LIMITS.pageSize`. */
  readonly limit: number;
}

/** A page of a list; `nextCursor` is null on the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** A place in a list: the sort key of the last item seen. */
type Place = readonly (string | number)[];

/** How many rows to read: one more than the page holds tells whether another page follows. */
export function rowsToRead(request: PageRequest): number {
  return pageLimit(request) + 1;
}

/** Makes a page of rows that were read with `rowsToRead`. */
export function toPage<Row, T>(
  rows: readonly Row[],
  request: PageRequest,
  mapping: { readonly item: (row: Row) => T; readonly place: (row: Row) => Place },
): Page<T> {
  const limit = pageLimit(request);
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return {
    items: shown.map(mapping.item),
    nextCursor: hasMore ? encode(mapping.place(last)) : null,
  };
}

/** The place of a cursor that is one text; null without a cursor. Throws `list.bad_cursor`. */
export function textPlace({ cursor }: PageRequest): string | null {
  if (cursor === undefined) return null;
  const [text, ...rest] = decode(cursor);
  if (typeof text !== 'string' || rest.length > 0) throw badCursor();
  return text;
}

/** The place of a cursor that is one number; null without a cursor. Throws `list.bad_cursor`. */
export function numberPlace({ cursor }: PageRequest): number | null {
  if (cursor === undefined) return null;
  const [number, ...rest] = decode(cursor);
  if (!isCount(number) || rest.length > 0) throw badCursor();
  return number;
}

/** The place of a cursor made of a number and two texts. Throws `list.bad_cursor`. */
export function stepPlace({ cursor }: PageRequest): readonly [number, string, string] | null {
  if (cursor === undefined) return null;
  const [epoch, key, stepId, ...rest] = decode(cursor);
  const fits = isCount(epoch) && typeof key === 'string' && typeof stepId === 'string';
  if (!fits || rest.length > 0) throw badCursor();
  return [epoch, key, stepId];
}

function pageLimit({ limit }: PageRequest): number {
  return Math.max(1, Math.min(limit, LIMITS.pageSize));
}

/** Numbers of rows: what does not fit PostgreSQL's `int` was never handed out. */
function isCount(value: unknown): value is number {
  return Number.isInteger(value) && typeof value === 'number' && value >= 0 && value < 2 ** 31;
}

function encode(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function decode(cursor: string): readonly unknown[] {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(place)) return place;
  } catch {
    // Not JSON: told below.
  }
  throw badCursor();
}

function badCursor(): AppError {
  return new AppError('list.bad_cursor', 'the cursor is not one that a page of this list gave');
}
