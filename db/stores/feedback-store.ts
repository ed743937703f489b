import type { Feedback, FeedbackValue } from '../../contracts/feedback.ts';
import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from './page.ts';
import { sql, type Selectable } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import { jsonText } from '../json-text.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';

/** What a person says about a message. */
export type NewFeedback = FeedbackValue &
  Pick<Feedback, 'threadId' | 'messageId' | 'userId' | 'comment' | 'actor'>;

/** What people have said about messages. */
export interface FeedbackStore {
  /**
   * Keeps it; what the same person said of the same kind before is replaced, and the memory that
   * was made from it stays named. Throws
   * `message.not_found`.
   */
  put(workspaceId: string, feedback: NewFeedback): Promise<Feedback>;
  /** Notes the memory that was made from it. */
  setMemory(workspaceId: string, id: string, memoryId: string): Promise<Feedback>;
  /** About a conversation, newest first; of one person only, if `userId` is given. */
  list(
    workspaceId: string,
    filter: { readonly threadId: string; readonly userId?: string },
    page: PageRequest,
  ): Promise<Page<Feedback>>;
}

type Row = Selectable<Tables['feedback']>;

/** Feedback on PostgreSQL. */
export function createFeedbackStore({ kysely }: Database): FeedbackStore {
  return {
    put: async (ws, feedback) => {
      const { threadId, messageId, userId, kind, value, comment, actor } = feedback;
      const { rows } = await sql<Row>`
        insert into feedback as f
          (workspace_id, id, thread_id, message_id, run_id, user_id, kind, value, comment, actor)
        select m.workspace_id, ${newId('feedback')}, m.thread_id, m.id, m.run_id,
          ${userId}::text, ${kind}, ${jsonText(value)}::jsonb, ${comment}, ${actor}
        from messages m
        where m.workspace_id = ${ws} and m.thread_id = ${threadId} and m.id = ${messageId}
        on conflict (workspace_id, thread_id, message_id, coalesce(user_id, ''), kind)
        do update set value = excluded.value, comment = excluded.comment,
          actor = excluded.actor, created_at = clock_timestamp()
        returning f.*`.execute(kysely);
      const [row] = rows;
      if (row === undefined) {
        throw new AppError('message.not_found', `no message ${messageId} in thread ${threadId}`);
      }
      return fromRow(row);
    },
    setMemory: async (ws, id, memoryId) =>
      fromRow(
        await kysely
          .updateTable('feedback')
          .set({ memory_id: memoryId })
          .where('workspace_id', '=', ws)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow(),
      ),
    list: async (ws, { threadId, userId }, page) => {
      const place = textPlace(page);
      const rows = await kysely
        .selectFrom('feedback')
        .selectAll()
        .where('workspace_id', '=', ws)
        .where('thread_id', '=', threadId)
        .$if(userId !== undefined, (query) => query.where('user_id', '=', userId ?? ''))
        .$if(place !== null, (query) => query.where('id', '<', place ?? ''))
        .orderBy('id', 'desc')
        .limit(rowsToRead(page))
        .execute();
      return toPage(rows, page, { item: fromRow, place: (row) => [row.id] });
    },
  };
}

function fromRow(row: Row): Feedback {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    threadId: row.thread_id,
    messageId: row.message_id,
    runId: row.run_id,
    userId: row.user_id,
    ...toValue(row),
    comment: row.comment,
    memoryId: row.memory_id,
    actor: row.actor,
    createdAt: row.created_at.toISOString(),
  };
}

/** Kind and value were written together. */
function toValue({ kind, value }: Row): FeedbackValue {
  return { kind, value } as FeedbackValue;
}
