import { sql, type Transaction } from 'kysely';
import type { EventDraft } from '../../contracts/event.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tables } from '../tables.ts';
import { jsonText } from '../json-text.ts';

/** Adds entries behind a run's last one. The caller's transaction holds the run's lock from here on. */
export async function appendEvents(
  trx: Transaction<Tables>,
  ref: RunRef,
  drafts: readonly EventDraft[],
): Promise<void> {
  const { last_event_seq: lastSeq } = await trx
    .updateTable('runs')
    .set((eb) => ({
      last_event_seq: eb('last_event_seq', '+', drafts.length),
      last_token_sub: 0,
    }))
    .where('workspace_id', '=', ref.workspaceId)
    .where('id', '=', ref.runId)
    .returning('last_event_seq')
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('events')
    .values(
      drafts.map((draft, index) => ({
        workspace_id: ref.workspaceId,
        run_id: ref.runId,
        seq: lastSeq - drafts.length + 1 + index,
        type: draft.type,
        step_id: draft.stepId ?? null,
        at: sql<Date>`clock_timestamp()`,
        data: jsonText(draft.data),
      })),
    )
    .execute();
}
