import { Client } from 'pg';

/** What the database server counts. */
export interface DatabaseCounters {
  readonly holdfastCommits: number;
  readonly temporalCommits: number;
  readonly walBytes: number;
  readonly walSyncs: number;
}

/** A statement and what it cost. */
export interface StatementCost {
  readonly calls: number;
  readonly totalMs: number;
  readonly rows: number;
  readonly text: string;
}

/** Backends tell their counts when they have been idle for a second. */
const SETTLE_MS = 1_200;

const COUNTERS = `
  select
    (select xact_commit from pg_stat_database where datname = current_database())::int as holdfast,
    (select coalesce(sum(xact_commit), 0) from pg_stat_database
      where datname like 'temporal%')::int as temporal,
    (select wal_bytes from pg_stat_wal)::float8 as bytes,
    (select coalesce(sum(fsyncs), 0) from pg_stat_io where object = 'wal')::int as syncs`;

const STATEMENTS = `
  select calls::int, total_exec_time as total, rows::int, regexp_replace(query, '\\s+', ' ', 'g') as text
  from pg_stat_statements
  where dbid = (select oid from pg_database where datname = current_database())
  order by total_exec_time desc limit 20`;

/** Reads the counters once they have settled. */
export async function readCounters(url: string): Promise<DatabaseCounters> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return withClient(url, async (client) => {
    const { rows } = await client.query<Record<string, number>>(COUNTERS);
    const row = rows[0] ?? {};
    return {
      holdfastCommits: row['holdfast'] ?? 0,
      temporalCommits: row['temporal'] ?? 0,
      walBytes: row['bytes'] ?? 0,
      walSyncs: row['syncs'] ?? 0,
    };
  });
}

/** What came between two readings. */
export function countedBetween(
  before: DatabaseCounters,
  after: DatabaseCounters,
): DatabaseCounters {
  return {
    holdfastCommits: after.holdfastCommits - before.holdfastCommits,
    temporalCommits: after.temporalCommits - before.temporalCommits,
    walBytes: after.walBytes - before.walBytes,
    walSyncs: after.walSyncs - before.walSyncs,
  };
}

/** Begins to count statements anew; needs `pg_stat_statements` preloaded. */
export async function resetStatements(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('create extension if not exists pg_stat_statements');
    await client.query('select pg_stat_statements_reset()');
  });
}

/** Holdfast's dearest statements since the reset. */
export async function readStatements(url: string): Promise<readonly StatementCost[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{
      calls: number;
      total: number;
      rows: number;
      text: string;
    }>(STATEMENTS);
    return rows.map(({ total, ...row }) => ({ ...row, totalMs: total }));
  });
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
