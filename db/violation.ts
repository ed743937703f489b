import { DatabaseError } from 'pg';

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const CHECK_VIOLATION = '23514';

/** Name of the unique constraint or index that refused a row; null for other errors. */
export function violatedUnique(error: unknown): string | null {
  if (!(error instanceof DatabaseError) || error.code !== UNIQUE_VIOLATION) return null;
  return error.constraint ?? '';
}

/** True when a row was refused because what it refers to does not exist. */
export function violatesForeignKey(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === FOREIGN_KEY_VIOLATION;
}

/** True when a row was refused because its values do not fit each other. */
export function violatesCheck(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === CHECK_VIOLATION;
}
