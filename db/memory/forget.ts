import { FORGETTING, forgetAtMs, reinforced } from '../../contracts/forgetting.ts';
import type { Memory, MemoryAuthor } from '../../contracts/memory.ts';
import { memoryFromRow, MEMORY_COLUMNS, type MemoryRow } from '../rows/memory-row.ts';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { changeMemories } from './change.ts';
import { checkBatch } from './batch.ts';
import { deleteMemories } from './revise.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';

/** Memories that leave the searches. */
export interface ArchiveRequest {
  readonly ids: readonly string[];
  readonly author: MemoryAuthor;
  /** They are deleted after this; `LIMITS.memoryRetentionMs` by default. */
  readonly retentionMs?: number;
  /** Leaves out what is not due any more, because it was used or marked meanwhile. */
  readonly onlyDue?: boolean;
}

interface StrengthRow {
  readonly id: string;
  readonly version: number;
  readonly stability_ms: number;
  readonly last_access_at: Date;
}

/** See `MemoryStore.touch`. */
export async function touchMemories(
  trx: Kysely<Tables>,
  workspaceId: string,
  { ids, now }: { readonly ids: readonly string[]; readonly now: Date },
): Promise<number> {
  checkBatch(ids.length);
  const { rows } = await sql<StrengthRow>`
    select id, version, stability_ms, last_access_at from memories
    where workspace_id = ${workspaceId} and id = any(${ids}::text[]) and status = 'active'
      and last_access_at <= ${new Date(now.getTime() - FORGETTING.coalesceMs)}
    order by id for update`.execute(trx);
  const used = rows.flatMap((row) => {
    const before = { stabilityMs: row.stability_ms, lastAccessMs: row.last_access_at.getTime() };
    const strength = reinforced(before, now.getTime());
    return strength === null ? [] : [{ ...row, strength }];
  });
  if (used.length === 0) return 0;
  await writeStrengths(trx, workspaceId, { used, now });
  const items = used.map(({ id, version }) => ({ id, version: version + 1 }));
  await noteChanges(trx, { workspaceId, subject: 'memory', op: 'upsert', items });
  return used.length;
}

async function writeStrengths(
  trx: Kysely<Tables>,
  workspaceId: string,
  {
    used,
    now,
  }: {
    readonly used: readonly {
      readonly id: string;
      readonly strength: { readonly stabilityMs: number; readonly lastAccessMs: number };
    }[];
    readonly now: Date;
  },
): Promise<void> {
  const ids = used.map(({ id }) => id);
  const stabilities = used.map(({ strength }) => strength.stabilityMs);
  const dues = used.map(({ strength }) => new Date(forgetAtMs(strength)).toISOString());
  await sql`
    update memories m set stability_ms = n.stability_ms, forget_at = n.forget_at,
      last_access_at = ${now}, access_count = m.access_count + 1,
      touches = (m.touches || ${now}::timestamptz)
        [greatest(1, cardinality(m.touches) + 2 - ${FORGETTING.touches}::int) :],
      version = m.version + 1
    from unnest(${ids}::text[], ${stabilities}::bigint[], ${dues}::timestamptz[])
      as n (id, stability_ms, forget_at)
    where m.workspace_id = ${workspaceId} and m.id = n.id`.execute(trx);
}

/** The query of `dueMemories`. */
export function dueQuery(workspaceId: string, now: Date, limit: number): RawBuilder<MemoryRow> {
  return sql<MemoryRow>`
    select ${MEMORY_COLUMNS} from memories m
    where m.workspace_id = ${workspaceId} and m.due_at <= ${now}
    order by m.due_at limit ${Math.min(limit, LIMITS.memoryBatch)}`;
}

/** See `MemoryStore.due`. */
export async function dueMemories(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<readonly Memory[]> {
  const { rows } = await dueQuery(workspaceId, now, limit).execute(kysely);
  return rows.map(memoryFromRow);
}

/** See `MemoryStore.workspacesDue`. */
export async function workspacesDue(kysely: Kysely<Tables>, now: Date): Promise<readonly string[]> {
  // Steps from workspace to workspace in the indexes, whatever the number of memories.
  const { rows } = await sql<{ readonly workspace_id: string }>`
    with recursive w as (
      (select workspace_id from memory_usage order by workspace_id limit 1)
      union all
      select (select u.workspace_id from memory_usage u where u.workspace_id > w.workspace_id
        order by u.workspace_id limit 1)
      from w where w.workspace_id is not null)
    select w.workspace_id from w
    where w.workspace_id is not null and (
      exists (select from memories m where m.workspace_id = w.workspace_id and m.due_at <= ${now})
      or exists (select from memories m where m.workspace_id = w.workspace_id
        and m.delete_at <= ${now} and not m.pinned and not m.legal_hold))`.execute(kysely);
  return rows.map((row) => row.workspace_id);
}

/** See `MemoryStore.archive`. */
export async function archiveMemories(
  trx: Kysely<Tables>,
  workspaceId: string,
  { ids, author, retentionMs, onlyDue, now }: ArchiveRequest & { readonly now: Date },
): Promise<readonly Memory[]> {
  const deleteAt = new Date(now.getTime() + (retentionMs ?? LIMITS.memoryRetentionMs));
  const kept = sql`m.status = 'active' and not m.pinned and not m.legal_hold`;
  return changeMemories(trx, {
    workspaceId,
    ids,
    change: 'archived',
    set: sql`status = 'archived', delete_at = ${deleteAt}`,
    only: onlyDue === true ? sql`${kept} and m.due_at <= ${now}` : kept,
    author,
    now,
  });
}

/** See `MemoryStore.deleteExpired`. */
export async function deleteExpired(
  trx: Kysely<Tables>,
  workspaceId: string,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await trx
    .selectFrom('memories')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('delete_at', '<=', now)
    .where('pinned', '=', false)
    .where('legal_hold', '=', false)
    .orderBy('delete_at')
    .limit(Math.min(limit, LIMITS.memoryBatch))
    .execute();
  const author = { actor: 'forgetting', why: 'its retention is over' };
  const ids = rows.map(({ id }) => id);
  return deleteMemories(trx, workspaceId, { ids, author, now, onlyExpired: true });
}
