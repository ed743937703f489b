import { Kysely, PostgresDialect } from 'kysely';
import { createQuery, storingPool, type Query } from './storing-pool.ts';
import { Pool, TypeOverrides } from 'pg';
import { createNotifier, type Notifier } from './notifier.ts';
import type { Tables } from './tables.ts';

/** Where the database is, and how much of it one process uses. */
export interface DatabaseOptions {
  readonly connectionString: string;
  readonly maxConnections: number;
}

/** A pool of connections and the query builder on it; dispose of it to close them. */
export interface Database extends AsyncDisposable {
  readonly kysely: Kysely<Tables>;
  readonly pool: Pool;
  /** For statements that run so often that they are prepared by name. */
  readonly query: Query;
  readonly notifier: Notifier;
  readonly connectionString: string;
}

/** Opening a connection costs more than keeping it, and forgets prepared statements. */
const IDLE_MS = 300_000;

const INT8_OID = 20;

/** Counters are far below 2^53: they come as numbers and not as text. */
const numericTypes = new TypeOverrides();
numericTypes.setTypeParser(INT8_OID, Number);

/** Opens a pool on PostgreSQL 15 or newer. Connections are made when they are first needed. */
export function createDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.connectionString,
    max: options.maxConnections,
    types: numericTypes,
    application_name: 'holdfast',
    keepAlive: true,
    idleTimeoutMillis: IDLE_MS,
  });
  // A connection that dies idle is replaced by the pool. One that dies while it is checked out and
  // idle emits on the client alone, and an unheard 'error' ends the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const notifier = createNotifier(options.connectionString);
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: storingPool(pool) }) });
  return {
    kysely,
    pool,
    query: createQuery(pool),
    notifier,
    connectionString: options.connectionString,
    [Symbol.asyncDispose]: async () => {
      await notifier[Symbol.asyncDispose]();
      await kysely.destroy();
    },
  };
}
