import { sql, type Selectable } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../json-text.ts';
import type { Learning, LearningOutcome, LearntDraft } from '../../contracts/learning.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tables } from '../tables.ts';

/** A message of a run's conversation. */
export interface RunMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'tool';
}

/** How far learning from runs is. */
export interface LearningStore {
  /** Begins, or answers how far it is. Throws `run.not_found`. */
  begin(ref: RunRef, userId: string | null): Promise<Learning>;
  /** Writes down what is to be learnt; false if that, or an end, stands already. */
  extracted(ref: RunRef, drafts: readonly LearntDraft[]): Promise<boolean>;
  /** Ends it, and forgets the texts; the first end stands. */
  end(
    ref: RunRef,
    end:
      | { readonly state: 'learned'; readonly outcomes: readonly LearningOutcome[] }
      | { readonly state: 'skipped'; readonly reason: string },
  ): Promise<void>;
  /** Null if nothing is learnt from the run. */
  get(ref: RunRef): Promise<Learning | null>;
  /** Messages that the run has added to its thread, in their order. */
  messages(ref: RunRef): Promise<readonly RunMessage[]>;
}

/** Learning on PostgreSQL. */
export function createLearningStore({ kysely }: Database): LearningStore {
  const find = async ({ workspaceId, runId }: RunRef): Promise<Learning | null> => {
    const row = await kysely
      .selectFrom('learnings')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .where('run_id', '=', runId)
      .executeTakeFirst();
    return row === undefined ? null : learningFromRow(row);
  };
  return {
    get: find,
    begin: async (ref, userId) => {
      await sql`
        insert into learnings (workspace_id, run_id, user_id)
        select r.workspace_id, r.id, ${userId} from runs r
        where r.workspace_id = ${ref.workspaceId} and r.id = ${ref.runId}
        on conflict do nothing`.execute(kysely);
      const found = await find(ref);
      if (found === null) throw new AppError('run.not_found', `there is no run ${ref.runId}`);
      return found;
    },
    extracted: async ({ workspaceId, runId }, drafts) => {
      const result = await kysely
        .updateTable('learnings')
        .set({ state: 'extracted', drafts: jsonText(drafts), updated_at: sql`now()` })
        .where('workspace_id', '=', workspaceId)
        .where('run_id', '=', runId)
        .where('state', '=', 'pending')
        .executeTakeFirst();
      return result.numUpdatedRows > 0n;
    },
    end: async ({ workspaceId, runId }, end) => {
      const outcomes = end.state === 'learned' ? end.outcomes : [];
      const reason = end.state === 'skipped' ? end.reason : null;
      await kysely
        .updateTable('learnings')
        .set({
          ...{ state: end.state, drafts: null, reason },
          ...{ outcomes: jsonText(outcomes), updated_at: sql`now()` },
        })
        .where('workspace_id', '=', workspaceId)
        .where('run_id', '=', runId)
        .where('state', 'in', ['pending', 'extracted'])
        .execute();
    },
    messages: async ({ workspaceId, runId }) => {
      const { rows } = await sql<RunMessage>`
        select m.id, m.message->>'role' as role from messages m
        where m.workspace_id = ${workspaceId} and m.run_id = ${runId}
        order by m.position`.execute(kysely);
      return rows;
    },
  };
}

function learningFromRow(row: Selectable<Tables['learnings']>): Learning {
  return {
    runId: row.run_id,
    state: row.state,
    userId: row.user_id,
    drafts: row.drafts,
    outcomes: row.outcomes,
    reason: row.reason,
    updatedAt: row.updated_at.toISOString(),
  };
}
