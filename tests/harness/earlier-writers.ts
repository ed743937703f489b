import type { Database } from '../../db/database.ts';
import { sql } from 'kysely';
import { until } from './until.ts';

/**
 * Waits until all transactions that have begun by now are over: feeds of changes wait for writers that
 * began before, and those of other test files are on the same server.
 */
export async function earlierWritersEnd({ kysely }: Database): Promise<void> {
  const own = await sql<{ readonly xid: string }>`
    select pg_current_xact_id()::text as xid`.execute(kysely);
  const xid = BigInt(own.rows[0]?.xid ?? 0);
  await until('earlier writers to end', async () => {
    const { rows } = await sql<{ readonly xmin: string }>`
      select pg_snapshot_xmin(pg_current_snapshot())::text as xmin`.execute(kysely);
    return BigInt(rows[0]?.xmin ?? 0) > xid;
  });
}
