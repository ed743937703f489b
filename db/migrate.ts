import { Migrator, sql } from 'kysely';
import type { Database } from './database.ts';
import { MIGRATIONS } from './migrations/index.ts';

/** `invalid_schema_name` and `undefined_table` of PostgreSQL. */
const GONE: readonly unknown[] = ['3F000', '42P01'];
const TRIES = 20;

/**
 * Brings the connection's current schema up to date. Safe when many processes start at once: they
 * wait for each other.
 */
export async function migrateToLatest(database: Database): Promise<void> {
  const current = await sql<{
    schema: string;
  }>`select current_schema() as schema`.execute(database.kysely);
  const schema = current.rows[0]?.schema;
  if (schema === undefined) throw new Error('the connection has no current schema');
  const migrator = new Migrator({
    db: database.kysely,
    provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) },
    // Named, because another schema of the same database may have been migrated further.
    migrationTableSchema: schema,
  });
  for (let tries = 1; ; tries += 1) {
    const { error } = await migrator.migrateToLatest();
    if (error === undefined) return;
    if (tries === TRIES || !isGone(error)) {
      throw new Error('the database could not be migrated', { cause: error });
    }
  }
}

/**
 * Kysely looks at the tables of all schemas before it begins, and fails when another one is dropped
 * meanwhile; nothing has been migrated then.
 */
function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && GONE.includes(error.code);
}
