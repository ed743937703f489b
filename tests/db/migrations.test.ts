import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { createDatabase } from '../../db/database.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { MIGRATIONS } from '../../db/migrations/index.ts';
import { migrateToLatest } from '../../db/migrate.ts';

const schemas: TestSchema[] = [];

async function emptySchema(): Promise<TestSchema> {
  const schema = await freshSchema({ migrate: false });
  schemas.push(schema);
  return schema;
}

afterEach(async () => {
  for (const schema of schemas.splice(0)) await schema.drop();
});

async function applied({ database }: TestSchema): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    'select name from kysely_migration order by name',
  );
  return rows.map(({ name }) => name);
}

test('processes that start at the same time migrate an empty schema once', async () => {
  const schema = await emptySchema();
  const others = [1, 2, 3].map(() =>
    createDatabase({ connectionString: schema.connectionString, maxConnections: 2 }),
  );
  await Promise.all(others.map(migrateToLatest));
  await Promise.all(others.map((other) => other[Symbol.asyncDispose]()));
  expect(await applied(schema)).toEqual(Object.keys(MIGRATIONS));
  await migrateToLatest(schema.database);
  expect(await applied(schema)).toEqual(Object.keys(MIGRATIONS));
});

test('a schema is migrated whatever stands in other schemas of the database', async () => {
  const [first, second] = [await emptySchema(), await emptySchema()];
  await migrateToLatest(first.database);
  await migrateToLatest(second.database);
  expect(await applied(second)).toEqual(Object.keys(MIGRATIONS));
});

test('every key of every table holds the workspace', async () => {
  const schema = await emptySchema();
  await migrateToLatest(schema.database);
  const { rows } = await schema.database.pool.query<{ table: string; columns: string[] }>(
    `select c.conrelid::regclass::text as table,
       array(select a.attname::text from pg_attribute a
         where a.attrelid = c.conrelid and a.attnum = any (c.conkey)) as columns
     from pg_constraint c
     where c.connamespace = current_schema()::regnamespace and c.contype in ('p', 'f')`,
  );
  const loose = rows
    .filter(({ table }) => table !== 'workspaces' && !table.startsWith('kysely_'))
    .filter(({ columns }) => !columns.includes('workspace_id'));
  expect(rows.length).toBeGreaterThan(25);
  expect(loose).toEqual([]);
});

test('a schema is migrated while others of the database are dropped', async () => {
  const { database } = await emptySchema();
  let going = true;
  const tables = Array.from({ length: 30 }, (_, n) => `create table SCHEMA.t${n} (a int, b int)`);
  const comeAndGo = async (name: string): Promise<void> => {
    const script = ['create schema SCHEMA', ...tables].join(';').replaceAll('SCHEMA', name);
    while (going) {
      await database.pool.query(script);
      await database.pool.query(`drop schema ${name} cascade`);
      await wait(150);
    }
  };
  const others = ['one', 'two'].map((name) => comeAndGo(`passing_${name}`));
  try {
    for (let times = 0; times < 2; times += 1) {
      const schema = await emptySchema();
      // All but the first look at the schemas and find nothing to do.
      for (let again = 0; again < 25; again += 1) await migrateToLatest(schema.database);
      expect(await applied(schema)).toHaveLength(Object.keys(MIGRATIONS).length);
    }
  } finally {
    going = false;
    await Promise.all(others);
  }
});
