import { createDatabase, type Database } from '../../db/database.ts';
import { migrateToLatest } from '../../db/migrate.ts';
import { Client } from 'pg';

/** A migrated schema of a test file's own. */
export interface TestSchema {
  readonly database: Database;
  /** Names the schema in its options, for further pools and listeners. */
  readonly connectionString: string;
  /** Closes the pool and drops the schema. */
  readonly drop: () => Promise<void>;
}

/** Makes a schema with all tables; each test file has one and drops it at its end. */
export async function freshSchema(
  options: { readonly migrate?: boolean } = {},
): Promise<TestSchema> {
  const server = process.env.HOLDFAST_TEST_DATABASE_URL;
  if (server === undefined) throw new Error('run these tests with --selectProjects system');
  const schema = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  await execute(server, `create schema ${schema}`);
  const url = new URL(server);
  url.searchParams.set('options', `-c search_path=${schema}`);
  const connectionString = url.toString();
  const database = createDatabase({ connectionString, maxConnections: 10 });
  if (options.migrate !== false) await migrateToLatest(database);
  return {
    database,
    connectionString,
    drop: async () => {
      await database[Symbol.asyncDispose]();
      await execute(server, `drop schema ${schema} cascade`);
    },
  };
}

async function execute(connectionString: string, statement: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
