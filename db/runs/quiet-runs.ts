import { sql, type Kysely } from 'kysely';
import type { QuietRun, QuietSearch } from '../stores/run-store.ts';
import type { Tables } from '../tables.ts';

interface Row {
  readonly workspace_id: string;
  readonly id: string;
  readonly epoch: number;
  readonly is_quiet: boolean;
}

/**
 * Claims quiet runs; see `RunStore.claimQuiet`. A run is looked at again when it has been quiet for
 * as long once more: the longer it waits, the less it costs. One that has just done something is
 * pushed back without an answer.
 */
export async function claimQuiet(
  kysely: Kysely<Tables>,
  { status, quietMs, longestPauseMs, limit }: QuietSearch,
): Promise<readonly QuietRun[]> {
  const quiet = sql`${quietMs} * interval '1 millisecond'`;
  const longest = sql`${longestPauseMs} * interval '1 millisecond'`;
  // The status is a literal: the index is partial, and a parameter would hide that it fits.
  const { rows } = await sql<Row>`
    with due as materialized (
      select workspace_id, id, last_event_seq from runs
      where status = ${sql.lit(status)} and look_at <= now() and created_at <= now() - ${quiet}
      order by look_at
      limit ${limit}
      for no key update skip locked
    ),
    seen as materialized (
      select d.workspace_id, d.id, e.at, now() - e.at as quiet_for
      from due d join events e
        on e.workspace_id = d.workspace_id and e.run_id = d.id and e.seq = d.last_event_seq
    )
    update runs r set look_at = case
        when s.quiet_for < ${quiet} then s.at + ${quiet}
        else now() + least(s.quiet_for, ${longest})
      end
    from seen s
    where r.workspace_id = s.workspace_id and r.id = s.id
    returning r.workspace_id, r.id, r.epoch, s.quiet_for >= ${quiet} as is_quiet`.execute(kysely);
  return rows
    .filter((row) => row.is_quiet)
    .map((row) => ({ workspaceId: row.workspace_id, runId: row.id, epoch: row.epoch }));
}
