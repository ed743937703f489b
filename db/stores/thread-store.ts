import { appendMessages, findBusyRun, insertThread, unknownThread } from '../thread-writing.ts';
import { messageFromRow, threadFromRow } from '../rows/thread-row.ts';
import { numberPlace, rowsToRead, textPlace, toPage, type Page, type PageRequest } from './page.ts';
import type { Thread, ThreadMessage } from '../../contracts/records.ts';
import type { Message } from '../../contracts/message.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { Database } from '../database.ts';
import type { Kysely } from 'kysely';
import { loadVersion } from '../load-version.ts';
import { newId } from '../../contracts/ids.ts';
import type { Tables } from '../tables.ts';

/** A conversation to be opened. */
export interface CreateThread {
  readonly agentId: string;
  readonly versionId: string;
  readonly title: string;
  /** Whom it serves; nobody in particular by default. */
  readonly userId?: string | null;
}

/** What a list of threads is narrowed to. */
export interface ThreadFilter {
  readonly agentId?: string;
}

/** Conversations and their messages. */
export interface ThreadStore {
  /** Throws `agent.version_not_found`. */
  create(workspaceId: string, input: CreateThread): Promise<Thread>;
  /** Throws `thread.not_found`. */
  get(workspaceId: string, threadId: string): Promise<Thread>;
  /** Newest first. */
  list(workspaceId: string, filter: ThreadFilter, page: PageRequest): Promise<Page<Thread>>;
  /** By position, oldest first. Throws `thread.not_found`. */
  messages(workspaceId: string, threadId: string, page: PageRequest): Promise<Page<ThreadMessage>>;
  /** Throws `thread.not_found`. */
  append(
    workspaceId: string,
    threadId: string,
    messages: readonly Message[],
  ): Promise<readonly ThreadMessage[]>;
  /** Id of the run that the thread waits for; null when it is free. */
  busyRun(workspaceId: string, threadId: string): Promise<string | null>;
}

/** Conversations on PostgreSQL. */
export function createThreadStore({ kysely }: Database): ThreadStore {
  return {
    create: async (workspaceId, input) => {
      const version = await loadVersion(kysely, workspaceId, input.versionId);
      if (version.agentId !== input.agentId) {
        throw new AppError('agent.version_not_found', `the agent has no version ${version.id}`);
      }
      return insertThread(kysely, workspaceId, {
        ...input,
        userId: input.userId ?? null,
        id: newId('thread'),
      });
    },
    get: (workspaceId, threadId) => getThread(kysely, workspaceId, threadId),
    list: (workspaceId, filter, page) => listThreads(kysely, workspaceId, { filter, page }),
    messages: async (workspaceId, threadId, page) => {
      await getThread(kysely, workspaceId, threadId);
      return listMessages(kysely, workspaceId, { threadId, page });
    },
    append: (workspaceId, threadId, messages) =>
      kysely
        .transaction()
        .execute((trx) => appendMessages(trx, { workspaceId, threadId, runId: null }, messages)),
    busyRun: (workspaceId, threadId) => findBusyRun(kysely, workspaceId, threadId),
  };
}

async function getThread(
  kysely: Kysely<Tables>,
  workspaceId: string,
  threadId: string,
): Promise<Thread> {
  const row = await kysely
    .selectFrom('threads')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', threadId)
    .executeTakeFirst();
  if (row === undefined) throw unknownThread(threadId);
  return threadFromRow(row);
}

async function listThreads(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { filter, page }: { readonly filter: ThreadFilter; readonly page: PageRequest },
): Promise<Page<Thread>> {
  const before = textPlace(page);
  const rows = await kysely
    .selectFrom('threads')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .$if(filter.agentId !== undefined, (query) =>
      query.where('agent_id', '=', filter.agentId ?? ''),
    )
    .$if(before !== null, (query) => query.where('id', '<', before ?? ''))
    .orderBy('id', 'desc')
    .limit(rowsToRead(page))
    .execute();
  return toPage(rows, page, { item: threadFromRow, place: (row) => [row.id] });
}

async function listMessages(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { threadId, page }: { readonly threadId: string; readonly page: PageRequest },
): Promise<Page<ThreadMessage>> {
  const rows = await kysely
    .selectFrom('messages')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('thread_id', '=', threadId)
    .where('position', '>', numberPlace(page) ?? 0)
    .orderBy('position')
    .limit(rowsToRead(page))
    .execute();
  return toPage(rows, page, { item: messageFromRow, place: (row) => [row.position] });
}
