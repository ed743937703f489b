import type { Kysely } from 'kysely';
import type { Pool } from 'pg';
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
  readonly connectionString: string;
}
