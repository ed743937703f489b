import { messageFromRow, threadFromRow } from './rows/thread-row.ts';
import type { Kysely, Transaction } from 'kysely';
import type { Thread, ThreadMessage } from '../contracts/records.ts';
import { AppError } from '../contracts/app-error.ts';
import { jsonText } from './json-text.ts';
import type { Message } from '../contracts/message.ts';
import { newId } from '../contracts/ids.ts';
import type { Tables } from './tables.ts';

/** Names a conversation, and the run on whose behalf it grows. */
export interface ThreadPlace {
  readonly workspaceId: string;
  readonly threadId: string;
  readonly runId: string | null;
}

/** Opens a conversation. */
export async function insertThread(
  kysely: Kysely<Tables>,
  workspaceId: string,
  thread: Pick<Thread, 'id' | 'agentId' | 'versionId' | 'userId' | 'title'>,
): Promise<Thread> {
  const row = await kysely
    .insertInto('threads')
    .values({
      workspace_id: workspaceId,
      id: thread.id,
      agent_id: thread.agentId,
      version_id: thread.versionId,
      user_id: thread.userId,
      title: thread.title,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return threadFromRow(row);
}

/** Adds messages behind the last one. Throws `thread.not_found`. */
export async function appendMessages(
  trx: Transaction<Tables>,
  { workspaceId, threadId, runId }: ThreadPlace,
  messages: readonly Message[],
): Promise<readonly ThreadMessage[]> {
  const thread = await trx
    .updateTable('threads')
    .set((eb) => ({ last_position: eb('last_position', '+', messages.length) }))
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', threadId)
    .returning('last_position')
    .executeTakeFirst();
  if (thread === undefined) throw unknownThread(threadId);
  if (messages.length === 0) return [];
  const before = thread.last_position - messages.length;
  const rows = await trx
    .insertInto('messages')
    .values(
      messages.map((message, index) => ({
        workspace_id: workspaceId,
        thread_id: threadId,
        position: before + index + 1,
        id: newId('message'),
        run_id: runId,
        message: jsonText(message),
      })),
    )
    .returningAll()
    .execute();
  return rows.map(messageFromRow);
}

/** Id of the run that has not ended in the conversation. */
export async function findBusyRun(
  kysely: Kysely<Tables>,
  workspaceId: string,
  threadId: string,
): Promise<string | null> {
  const row = await kysely
    .selectFrom('runs')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('thread_id', '=', threadId)
    .where('status', 'in', ['queued', 'running', 'waiting'])
    .executeTakeFirst();
  return row?.id ?? null;
}

/** What is said of a conversation that does not exist, or not in this workspace. */
export function unknownThread(threadId: string): AppError {
  return new AppError('thread.not_found', `there is no thread ${threadId}`);
}
