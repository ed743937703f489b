import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { call, doneUnit, endUnit } from './journal-fixtures.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { createStores, createTenant, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import type { RunRef } from '../../contracts/journal.ts';
import { createEventListener, type EventListener } from '../../db/listener.ts';
import { createJournal } from '../../db/journal/journal.ts';

/** Unique, for other tests may use the server at the same time. */
const WRITER = `writer ${crypto.randomUUID()}`;
const LISTENER = `listener ${crypto.randomUUID()}`;

let schema: TestSchema;
/** Its connections are the ones that die. */
let database: Database;
let tenant: Tenant;
let journal: ReturnType<typeof createJournal>;

beforeAll(async () => {
  schema = await freshSchema();
  database = createDatabase({ connectionString: named(WRITER), maxConnections: 4 });
  tenant = await createTenant(createStores(database));
  journal = createJournal(database);
});

afterAll(async () => {
  await journal[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await schema.drop();
});

const listeners: EventListener[] = [];

/** In the process of `own` if there is one. */
function open(connectionString: string, own?: Database): EventListener {
  const listener = createEventListener(connectionString, own?.notifier);
  listeners.push(listener);
  return listener;
}

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener[Symbol.asyncDispose]();
});

/** Two runs that nothing is told about any more: their own beginnings would wake their followers. */
async function seedQuietRuns(): Promise<readonly [RunRef, RunRef]> {
  await using seeding = createDatabase({
    connectionString: schema.connectionString,
    maxConnections: 2,
  });
  const { seedRun } = await createTenant(createStores(seeding));
  return [await seedRun(), await seedRun()];
}

/** Counts calls and lets a test wait for the next one. */
function counter() {
  let calls = 0;
  let wake = (): void => undefined;
  return {
    onChange: (): void => {
      calls += 1;
      wake();
    },
    count: (): number => calls,
    atLeast: async (wanted: number): Promise<void> => {
      while (calls < wanted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** The same place under a name by which its connections are found. */
function named(name: string): string {
  const url = new URL(schema.connectionString);
  url.searchParams.set('application_name', name);
  return url.toString();
}

/** Ends the connections of that name whose last statement begins like that. */
async function terminate(name: string, statement = ''): Promise<number> {
  const { rowCount } = await schema.database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where application_name = $1 and query like $2`,
    [name, `${statement}%`],
  );
  return rowCount ?? 0;
}

test('a commit wakes those who follow its run, and nobody else', async () => {
  const listener = open(schema.connectionString);
  const [ref, other] = await seedQuietRuns();
  const [followed, idle] = [counter(), counter()];
  listener.subscribe(other.runId, idle.onChange);
  const stop = listener.subscribe(ref.runId, followed.onChange);
  // Once for the connection, which also stands for what came before it.
  await followed.atLeast(1);
  await idle.atLeast(1);
  const before = [followed.count(), idle.count()];
  await journal.commit(doneUnit(ref, call(1)));
  await followed.atLeast((before[0] ?? 0) + 1);
  expect(idle.count()).toBe(before[1]);
  stop();
  const stopped = followed.count();
  await journal.commit(doneUnit(ref, call(2)));
  await journal.commit(doneUnit(other, call(1)));
  await idle.atLeast((before[1] ?? 0) + 1);
  expect(followed.count()).toBe(stopped);
});

test('a lost listening connection is made again and wakes everybody', async () => {
  const listener = open(named(LISTENER));
  const [ref] = await seedQuietRuns();
  const followed = counter();
  listener.subscribe(ref.runId, followed.onChange);
  await followed.atLeast(1);
  expect(await terminate(LISTENER)).toBeGreaterThan(0);
  await followed.atLeast(2);
  const before = followed.count();
  await journal.commit(doneUnit(ref, call(1)));
  await followed.atLeast(before + 1);
});

test('a commit wakes those of its own process also while nothing can be listened to', async () => {
  const unreachable = named(LISTENER).replace(/@[^/]*/, '@127.0.0.1:1');
  const listener = open(unreachable, database);
  const [ref, other] = await seedQuietRuns();
  const [followed, idle] = [counter(), counter()];
  listener.subscribe(other.runId, idle.onChange);
  const stop = listener.subscribe(ref.runId, followed.onChange);
  await journal.commit(doneUnit(ref, call(1)));
  expect(followed.count()).toBe(1);
  expect(idle.count()).toBe(0);
  stop();
  await journal.commit(doneUnit(ref, call(2)));
  expect(followed.count()).toBe(1);
});

test('a commit wakes those of its own process once, and by others as well', async () => {
  const own = open(schema.connectionString, database);
  const foreign = open(schema.connectionString);
  const [ref] = await seedQuietRuns();
  const [inside, outside] = [counter(), counter()];
  own.subscribe(ref.runId, inside.onChange);
  foreign.subscribe(ref.runId, outside.onChange);
  await inside.atLeast(1);
  await outside.atLeast(1);
  await journal.commit(doneUnit(ref, call(1)));
  await outside.atLeast(2);
  expect(inside.count()).toBe(2);
  const elsewhere = createJournal(schema.database);
  await elsewhere.commit(doneUnit(ref, call(2)));
  await inside.atLeast(3);
  await outside.atLeast(3);
  await elsewhere[Symbol.asyncDispose]();
  expect(inside.count()).toBe(3);
});

test('a listener learns with which change a run has ended', async () => {
  const listener = open(schema.connectionString);
  const [ref] = await seedQuietRuns();
  const changes: boolean[] = [];
  const followed = counter();
  listener.subscribe(ref.runId, (mayHaveEnded) => {
    changes.push(mayHaveEnded);
    followed.onChange();
  });
  await followed.atLeast(1);
  await journal.commit(doneUnit(ref, call(1)));
  await followed.atLeast(2);
  // The first call only says that the listener listens.
  expect(changes.slice(1)).not.toContain(true);
  await journal.commit(endUnit(ref));
  while (!changes.slice(1).includes(true)) await followed.atLeast(followed.count() + 1);
});

test('a notifier that lost its connection tells about the run later', async () => {
  const listener = open(schema.connectionString);
  const [ref] = await seedQuietRuns();
  const followed = counter();
  listener.subscribe(ref.runId, followed.onChange);
  await followed.atLeast(1);
  await journal.commit(doneUnit(ref, call(1)));
  await followed.atLeast(2);
  expect(await terminate(WRITER, 'select pg_notify')).toBe(1);
  const before = followed.count();
  await journal.commit(doneUnit(ref, call(2)));
  await followed.atLeast(before + 1);
});

test('a backend that dies under an idle, checked out connection does not end the process', async () => {
  const client = await database.pool.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const gone = new Promise((resolve) => client.once('end', resolve));
  await schema.database.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await gone;
  client.release(true);
  expect((await tenant.createRun()).kind).toBe('created');
});

test('commits that meet a lost connection fail as retryable, and go through when repeated', async () => {
  const ref = await tenant.seedRun();
  let lost = 0;
  const commit = async (n: number): Promise<string> => {
    for (;;) {
      try {
        return (await journal.commit(doneUnit(ref, call(n)))).kind;
      } catch (error) {
        expect(error).toMatchObject({ code: 'service.unavailable', retryable: true });
        lost += 1;
      }
    }
  };
  let written = 0;
  while (lost === 0) {
    const writes = Array.from({ length: 100 }, (_, index) => commit(written + index + 1));
    await terminate(WRITER);
    // `finished`: the answer to a commit was lost, not the commit.
    for (const kind of await Promise.all(writes)) expect(['committed', 'finished']).toContain(kind);
    written += writes.length;
  }
  const steps = await journal.loadSteps(ref, 0);
  expect(steps.map(({ seq }) => seq).sort((a, b) => (a ?? 0) - (b ?? 0))).toEqual(
    Array.from({ length: written }, (_, n) => n + 2),
  );
});
