import type { ColumnType } from 'kysely';
import type { JsonText } from './json-text.ts';

/** A `jsonb` column: read as what it holds, written as text that has passed `jsonText`. */
export type JsonColumn<T> = ColumnType<T, JsonText, JsonText>;
/** A `jsonb` column that may be empty. */
export type NullableJsonColumn<T> = ColumnType<
  T | null,
  JsonText | null | undefined,
  JsonText | null
>;
/** A `timestamptz` column. */
export type TimeColumn = ColumnType<Date, Date | string | undefined, Date | string>;
/** A `timestamptz` column that may be empty. */
export type NullableTimeColumn = ColumnType<Date | null, Date | null | undefined, Date | null>;
/** A column that may be empty. */
export type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>;
