import type { Selectable } from 'kysely';
import type { Tables } from '../tables.ts';
import type { Thread, ThreadMessage } from '../../contracts/records.ts';

/** A conversation as callers know it. */
export function threadFromRow(row: Selectable<Tables['threads']>): Thread {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    agentId: row.agent_id,
    versionId: row.version_id,
    userId: row.user_id,
    title: row.title,
    createdAt: row.created_at.toISOString(),
  };
}

/** An entry of a conversation as callers know it. */
export function messageFromRow(row: Selectable<Tables['messages']>): ThreadMessage {
  return {
    id: row.id,
    threadId: row.thread_id,
    runId: row.run_id,
    position: row.position,
    message: row.message,
    createdAt: row.created_at.toISOString(),
  };
}
