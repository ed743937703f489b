import { getRun, unknownRun } from './read-runs.ts';
import { sql, type Kysely } from 'kysely';
import { appendEvents } from '../journal/append-events.ts';
import type { Database } from '../database.ts';
import { isTerminal } from '../../contracts/status.ts';
import type { Run } from '../../contracts/records.ts';
import type { QuietRun } from '../stores/run-store.ts';
import type { Tables } from '../tables.ts';

/** Flag and event, once; see `RunStore.requestCancel`. */
export async function requestCancel(
  database: Database,
  workspaceId: string,
  runId: string,
): Promise<{ readonly run: Run; readonly requested: boolean }> {
  const requested = await database.kysely.transaction().execute(async (trx) => {
    const run = await trx
      .selectFrom('runs')
      .select(['status', 'cancel_requested'])
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', runId)
      .forNoKeyUpdate()
      .executeTakeFirst();
    if (run === undefined) throw unknownRun(runId);
    if (run.cancel_requested || isTerminal(run.status)) return false;
    await trx
      .updateTable('runs')
      .set({ cancel_requested: true })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', runId)
      .execute();
    await appendEvents(trx, { workspaceId, runId }, [{ type: 'run.cancel_requested', data: {} }]);
    return true;
  });
  if (requested) database.notifier.notify([runId]);
  return { run: await getRun(database, workspaceId, runId), requested };
}

/** Claims runs whose workflow may be missing; see `RunStore.unstarted`. */
export async function claimUnstarted(
  kysely: Kysely<Tables>,
  olderThanMs: number,
  limit: number,
): Promise<readonly QuietRun[]> {
  // Rows that another sweeper claims at this moment are skipped, not waited for.
  const { rows } = await sql<{ workspace_id: string; id: string; epoch: number }>`
    update runs set start_attempts = start_attempts + 1, start_tried_at = now()
    where (workspace_id, id) in (
      select workspace_id, id from runs
      where status = 'queued'
        and greatest(created_at, start_tried_at) < now() - ${olderThanMs} * interval '1 millisecond'
      order by created_at
      limit ${limit}
      for update skip locked
    )
    returning workspace_id, id, epoch`.execute(kysely);
  return rows.map((row) => ({ workspaceId: row.workspace_id, runId: row.id, epoch: row.epoch }));
}

/** Keeps `claimUnstarted` from a run that is being started. */
export async function markStartAttempt(
  kysely: Kysely<Tables>,
  workspaceId: string,
  runId: string,
): Promise<void> {
  await kysely
    .updateTable('runs')
    .set((eb) => ({
      start_attempts: eb('start_attempts', '+', 1),
      start_tried_at: sql<Date>`now()`,
    }))
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', runId)
    .execute();
}
