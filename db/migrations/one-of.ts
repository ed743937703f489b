import { sql, type RawBuilder } from 'kysely';

/** The words as a list of SQL literals, for CHECK constraints. */
export function oneOf(words: readonly string[]): RawBuilder<unknown> {
  return sql.join(words.map((word) => sql.lit(word)));
}
