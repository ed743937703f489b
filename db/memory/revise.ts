import { FORGETTING } from '../../contracts/forgetting.ts';
import type { Memory, MemoryAuthor, NewMemory } from '../../contracts/memory.ts';
import { findByKey, rememberAll } from './remember.ts';
import { getMemory, unknownMemory } from './read-memories.ts';
import { memoryText, textHash } from './memory-text.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { changeMemories } from './change.ts';
import { deleteFacts } from '../graph/erase-graph.ts';
import type { Tables } from '../tables.ts';
import { violatedUnique, violatesCheck } from '../violation.ts';

interface Revision {
  readonly author: MemoryAuthor;
  readonly now: Date;
}

/** What is to be different; absent fields stay. */
export interface MemoryEdit {
  readonly text?: string;
  readonly importance?: number;
  readonly validAt?: string;
  /** Null: it is so still. */
  readonly invalidAt?: string | null;
  /** Refused with `memory.conflict` when another version stands. */
  readonly expectedVersion?: number;
}

/** Marks that keep a memory; absent ones stay. */
export interface MemoryMarks {
  readonly pinned?: boolean;
  readonly legalHold?: boolean;
}

/** A memory and what contradicts it. */
export interface Contradiction {
  readonly id: string;
  readonly by: NewMemory;
}

/**
 * `superseded`: the old one is closed and the new one stands. `closed_before`: another one had
 * closed it, nothing was written, and `memory` is the old one.
 */
export interface Superseded {
  readonly kind: 'superseded' | 'closed_before';
  readonly memory: Memory;
}

/** See `MemoryStore.edit`. */
export async function editMemory(
  trx: Kysely<Tables>,
  workspaceId: string,
  { id, edit, author, now }: Revision & { readonly id: string; readonly edit: MemoryEdit },
): Promise<Memory> {
  const before = await getMemory(trx, workspaceId, id);
  const text = edit.text === undefined ? before.text : memoryText(edit.text);
  const importance = edit.importance ?? before.importance;
  if (!(importance >= 0 && importance <= 1)) {
    throw new AppError('memory.invalid', 'the importance of a memory is from 0 to 1');
  }
  const version = edit.expectedVersion ?? before.version;
  const [memory] = await changeMemories(trx, {
    workspaceId,
    ids: [id],
    change: 'edited',
    set: sql`text = ${text}, text_hash = ${textHash(text)}, importance = ${importance},
      valid_at = ${timeOr(edit.validAt, before.validAt)},
      invalid_at = ${timeOr(edit.invalidAt, before.invalidAt)}`,
    only: sql`m.status <> 'deleted' and m.version = ${version}`,
    author,
    now,
    ...(text === before.text ? {} : { text }),
  }).catch(refuseSame);
  if (memory === undefined) {
    if (before.status === 'deleted') throw unknownMemory(id);
    throw new AppError('memory.conflict', `memory ${id} has changed; read it again`);
  }
  if (text !== before.text) await dropVectors(trx, workspaceId, [id]);
  return memory;
}

/** See `MemoryStore.close`. */
export async function closeMemory(
  trx: Kysely<Tables>,
  workspaceId: string,
  close: Revision & {
    readonly id: string;
    readonly invalidAt: string;
    readonly supersededBy?: string;
  },
): Promise<boolean> {
  const closed = await changeMemories(trx, {
    workspaceId,
    ids: [close.id],
    change: 'closed',
    set: sql`invalid_at = greatest(m.valid_at, ${new Date(close.invalidAt)}),
      superseded_by = ${close.supersededBy ?? null}`,
    only: sql`m.status <> 'deleted' and m.invalid_at is null`,
    author: close.author,
    now: close.now,
  });
  if (closed.length === 0) await getMemory(trx, workspaceId, close.id);
  return closed.length > 0;
}

/** See `MemoryStore.supersede`. */
export async function supersedeMemory(
  trx: Kysely<Tables>,
  workspaceId: string,
  { id, by, author, now }: Revision & Contradiction,
): Promise<Superseded> {
  const written = by.key === undefined ? null : await findByKey(trx, workspaceId, by.key);
  if (written !== null) return { kind: 'superseded', memory: written };
  const invalidAt = by.validAt ?? now.toISOString();
  // Closed first: of two who contradict it the second waits here, and then writes nothing.
  const closed = await closeMemory(trx, workspaceId, { id, invalidAt, author, now });
  if (!closed) return { kind: 'closed_before', memory: await getMemory(trx, workspaceId, id) };
  const [remembered] = await rememberAll(trx, workspaceId, { memories: [by], author, now });
  if (remembered === undefined) throw unknownMemory(id);
  await trx
    .updateTable('memories')
    .set({ superseded_by: remembered.memory.id })
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .execute();
  return { kind: 'superseded', memory: remembered.memory };
}

/** See `MemoryStore.mark`. */
export async function markMemory(
  trx: Kysely<Tables>,
  workspaceId: string,
  { id, marks, author, now }: Revision & { readonly id: string; readonly marks: MemoryMarks },
): Promise<Memory> {
  const { pinned, legalHold } = marks;
  const [memory] = await changeMemories(trx, {
    workspaceId,
    ids: [id],
    change: 'marked',
    set: sql`pinned = coalesce(${pinned ?? null}::boolean, m.pinned),
      legal_hold = coalesce(${legalHold ?? null}::boolean, m.legal_hold)`,
    only: sql`m.status <> 'deleted'`,
    author,
    now,
  });
  if (memory === undefined) throw unknownMemory(id);
  return memory;
}

/** See `MemoryStore.restore`. */
export async function restoreMemories(
  trx: Kysely<Tables>,
  workspaceId: string,
  { ids, author, now }: Revision & { readonly ids: readonly string[] },
): Promise<readonly Memory[]> {
  const logs = Math.log(1 / FORGETTING.threshold);
  // Counts as a use: it would be due again at once.
  return changeMemories(trx, {
    workspaceId,
    ids,
    change: 'restored',
    set: sql`status = 'active', delete_at = null, last_access_at = ${now},
      forget_at = ${now}::timestamptz + m.stability_ms * ${logs}::float8 * interval '1 ms'`,
    only: sql`m.status = 'archived'`,
    author,
    now,
  }).catch(refuseSame);
}

/** See `MemoryStore.delete`. Nothing of the text is left, neither in the history nor as a vector. */
export async function deleteMemories(
  trx: Kysely<Tables>,
  workspaceId: string,
  request: Revision & { readonly ids: readonly string[]; readonly onlyExpired?: boolean },
): Promise<readonly string[]> {
  const { ids, author, now, onlyExpired = false } = request;
  const deleted = await changeMemories(trx, {
    workspaceId,
    ids,
    change: 'deleted',
    set: sql`status = 'deleted', text = '', text_hash = null, delete_at = null`,
    only: onlyExpired
      ? sql`m.delete_at <= ${now} and not m.pinned and not m.legal_hold`
      : sql`m.status <> 'deleted' and not m.legal_hold`,
    author,
    now,
  });
  const gone = deleted.map(({ id }) => id);
  await dropVectors(trx, workspaceId, gone);
  // What was learnt outlives the episode that fades, but not the one that someone wants gone.
  if (!onlyExpired) {
    await deleteFacts(trx, { workspaceId, only: sql`f.memory_id = any(${gone}::text[])` });
  }
  await trx
    .updateTable('memory_history')
    .set({ text: null })
    .where('workspace_id', '=', workspaceId)
    .where('memory_id', '=', sql<string>`any(${gone}::text[])`)
    .where('text', 'is not', null)
    .execute();
  return gone;
}

async function dropVectors(
  trx: Kysely<Tables>,
  workspaceId: string,
  ids: readonly string[],
): Promise<void> {
  await trx
    .deleteFrom('memory_vectors')
    .where('workspace_id', '=', workspaceId)
    .where('memory_id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
}

/** A time that is to be different, or the one that stands. */
function timeOr(wanted: string | null | undefined, standing: string | null): Date | null {
  const time = wanted === undefined ? standing : wanted;
  return time === null ? null : new Date(time);
}

function refuseSame(error: unknown): never {
  if (violatesCheck(error)) {
    const message = 'a memory cannot end before it begins to be so';
    throw new AppError('memory.invalid', message, { cause: error });
  }
  if (violatedUnique(error) === null) throw error;
  throw new AppError('memory.conflict', 'the same is remembered already', { cause: error });
}
