import type { Memory, MemoryAuthor, MemoryChange } from '../../contracts/memory.ts';
import { memoryFromRow, MEMORY_COLUMNS, type MemoryRow } from '../rows/memory-row.ts';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { checkBatch } from './batch.ts';
import { countActive } from './usage.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';

/** A change of memories. `set` and `only` are SQL on `m`; those that `only` leaves out stay. */
export interface ChangeRequest {
  readonly workspaceId: string;
  readonly ids: readonly string[];
  readonly change: MemoryChange;
  readonly set: RawBuilder<unknown>;
  readonly only: RawBuilder<unknown>;
  readonly author: MemoryAuthor;
  readonly now: Date;
  /** For the history, where the text is another one now. */
  readonly text?: string;
}

/** Changes memories with their history and what projections follow; answers with those changed. */
export async function changeMemories(
  trx: Kysely<Tables>,
  request: ChangeRequest,
): Promise<readonly Memory[]> {
  const { workspaceId, ids, set, only, now } = request;
  checkBatch(ids.length);
  // Locked by id, so that those who change the same memories queue and none deadlocks.
  const { rows } = await sql<MemoryRow & { readonly was_active: boolean }>`
    with old as materialized (
      select m.id, m.status from memories m
      where m.workspace_id = ${workspaceId} and m.id = any(${ids}::text[]) and (${only})
      order by m.id for update)
    update memories m set ${set}, version = m.version + 1, updated_at = ${now} from old
    where m.workspace_id = ${workspaceId} and m.id = old.id
    returning ${MEMORY_COLUMNS}, old.status = 'active' as was_active`.execute(trx);
  if (rows.length === 0) return [];
  const memories = rows.map(memoryFromRow);
  await writeHistory(trx, memories, request);
  await noteMemories(trx, workspaceId, memories);
  const before = rows.filter((row) => row.was_active).length;
  const after = memories.filter(({ status }) => status === 'active').length;
  await countActive(trx, workspaceId, after - before);
  return memories;
}

/** Tells projections of memories; only active ones are theirs. */
export async function noteMemories(
  trx: Kysely<Tables>,
  workspaceId: string,
  memories: readonly Pick<Memory, 'id' | 'version' | 'status'>[],
): Promise<void> {
  const subject = 'memory';
  const items = memories.filter(({ status }) => status === 'active');
  await noteChanges(trx, { workspaceId, subject, op: 'upsert', items });
  const gone = memories.filter(({ status }) => status !== 'active');
  await noteChanges(trx, { workspaceId, subject, op: 'delete', items: gone });
}

async function writeHistory(
  trx: Kysely<Tables>,
  memories: readonly Memory[],
  { workspaceId, change, author, now, text }: ChangeRequest,
): Promise<void> {
  const rows = memories.map(({ id, version }) => ({
    workspace_id: workspaceId,
    memory_id: id,
    version,
    change,
    text: text ?? null,
    actor: author.actor,
    why: author.why,
    at: now,
  }));
  await trx.insertInto('memory_history').values(rows).execute();
}
