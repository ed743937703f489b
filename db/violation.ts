import { DatabaseError } from 'pg';

const UNIQUE_VIOLATION = '23505';

/** Name of the unique constraint or index that refused a row; null for other errors. */
export function violatedUnique(error: unknown): string | null {
  if (!(error instanceof DatabaseError) || error.code !== UNIQUE_VIOLATION) return null;
  return error.constraint ?? '';
}
