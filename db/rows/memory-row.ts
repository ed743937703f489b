import type { Memory, MemoryEvent } from '../../contracts/memory.ts';
import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { Tables } from '../tables.ts';

/** A memory with the ids of what it was derived from. */
export type MemoryRow = Omit<Selectable<Tables['memories']>, 'text_hash' | 'key' | 'due_at'> & {
  readonly derived_from: readonly string[];
};

/** Columns of a `MemoryRow`; `m` is the memory. */
export const MEMORY_COLUMNS: RawBuilder<MemoryRow> = sql`
  m.workspace_id, m.id, m.kind, m.scope, m.user_id, m.agent_id, m.thread_id, m.thread_position,
  m.text, m.importance,
  m.stability_ms, m.last_access_at, m.access_count, m.touches, m.forget_at, m.valid_at,
  m.invalid_at, m.superseded_by, m.status, m.pinned, m.legal_hold, m.origin, m.trusted, m.run_id,
  m.step_id, m.message_id, m.version, m.created_at, m.updated_at, m.delete_at,
  array(select s.source_id from memory_sources s
    where s.workspace_id = m.workspace_id and s.memory_id = m.id
    order by s.source_id) as derived_from`;

/** The row as a memory. */
export function memoryFromRow(row: MemoryRow): Memory {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    kind: row.kind,
    scope: row.scope,
    userId: row.user_id,
    agentId: row.agent_id,
    threadId: row.thread_id,
    threadPosition: row.thread_position,
    text: row.text,
    importance: row.importance,
    stabilityMs: row.stability_ms,
    lastAccessAt: row.last_access_at.toISOString(),
    accessCount: row.access_count,
    touches: row.touches.map((at) => at.toISOString()),
    forgetAt: row.forget_at.toISOString(),
    validAt: row.valid_at.toISOString(),
    invalidAt: row.invalid_at?.toISOString() ?? null,
    supersededBy: row.superseded_by,
    status: row.status,
    pinned: row.pinned,
    legalHold: row.legal_hold,
    origin: row.origin,
    trusted: row.trusted,
    runId: row.run_id,
    stepId: row.step_id,
    messageId: row.message_id,
    derivedFrom: row.derived_from,
    version: row.version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    deleteAt: row.delete_at?.toISOString() ?? null,
  };
}

/** The row as a line of the history. */
export function memoryEventFromRow(row: Selectable<Tables['memory_history']>): MemoryEvent {
  return {
    memoryId: row.memory_id,
    version: row.version,
    change: row.change,
    text: row.text,
    actor: row.actor,
    why: row.why,
    at: row.at.toISOString(),
  };
}
