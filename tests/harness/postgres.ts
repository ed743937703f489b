import { createDatabase, type Database } from '../../db/database.ts';
import { migrateToLatest } from '../../db/migrate.ts';
import { Client } from 'pg';

/** Names the database that those of tests are copies of. */
export const TEMPLATE_VARIABLE = 'HOLDFAST_TEST_DATABASE_TEMPLATE';

/** A migrated schema of a test file's own. */
export interface TestSchema {
  readonly database: Database;
  /** Names it, for further pools and listeners. */
  readonly connectionString: string;
  /** Closes the pool and drops the schema. */
  readonly drop: () => Promise<void>;
}

/**
 * Makes a schema with all tables; each test file has one and drops it at its end. Where there is a
 * template it is in a database of its own, for a copy takes a tenth of the time of migrating. An empty
 * one stands beside those of others, as in an installation that shares its database.
 */
export async function freshSchema(
  options: { readonly migrate?: boolean } = {},
): Promise<TestSchema> {
  const server = process.env.HOLDFAST_TEST_DATABASE_URL;
  if (server === undefined) throw new Error('run these tests with --selectProjects system');
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  const url = new URL(server);
  const template = process.env[TEMPLATE_VARIABLE];
  if (options.migrate !== false && template !== undefined) {
    await execute(server, `create database ${name} template ${template}`);
    url.pathname = `/${name}`;
    return opened(url, () => execute(server, `drop database ${name} with (force)`));
  }
  await execute(server, `create schema ${name}`);
  url.searchParams.set('options', `-c search_path=${name}`);
  const schema = opened(url, () => execute(server, `drop schema ${name} cascade`));
  if (options.migrate !== false) await migrateToLatest(schema.database);
  return schema;
}

/** Makes the database that those of tests are copied from; answers with its name. */
export async function createTemplate(server: string): Promise<string> {
  const name = `test_template_${crypto.randomUUID().replaceAll('-', '')}`;
  await execute(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  // Nobody may be connected to it when it is copied.
  await using database = createDatabase({ connectionString: url.toString(), maxConnections: 2 });
  await migrateToLatest(database);
  return name;
}

/** Drops the database that those of tests were copied from. */
export function dropTemplate(server: string, name: string): Promise<void> {
  return execute(server, `drop database ${name} with (force)`);
}

function opened(url: URL, remove: () => Promise<void>): TestSchema {
  const connectionString = url.toString();
  const database = createDatabase({ connectionString, maxConnections: 10 });
  return {
    database,
    connectionString,
    drop: async () => {
      await database[Symbol.asyncDispose]();
      await remove();
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
