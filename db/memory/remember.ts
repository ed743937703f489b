import {
  UNTRUSTED_ORIGINS,
  type Memory,
  type MemoryAuthor,
  type NewMemory,
  type Remembered,
} from '../../contracts/memory.ts';
import { firstStability, forgetAtMs } from '../../contracts/forgetting.ts';
import { memoryFromRow, type MemoryRow, MEMORY_COLUMNS } from '../rows/memory-row.ts';
import { memoryText, textHash } from './memory-text.ts';
import { sql, type Insertable, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { checkBatch } from './batch.ts';
import { countActive } from './usage.ts';
import { newId } from '../../contracts/ids.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';
import { violatesForeignKey } from '../violation.ts';

/** Memories to write, who writes them and when. */
export interface RememberRequest {
  readonly memories: readonly NewMemory[];
  readonly author: MemoryAuthor;
  readonly now: Date;
}

type NewRow = Insertable<Tables['memories']> & { readonly text_hash: string };

interface Draft {
  readonly row: NewRow;
  readonly derivedFrom: readonly string[];
}

/** See `MemoryStore.remember`; belongs into a transaction. */
export async function rememberAll(
  trx: Kysely<Tables>,
  workspaceId: string,
  { memories, author, now }: RememberRequest,
): Promise<readonly Remembered[]> {
  checkBatch(memories.length);
  const trusted = await withTrust(
    trx,
    workspaceId,
    memories.map((memory) => toDraft(workspaceId, memory, now)),
  );
  const drafts = await withPlaces(trx, workspaceId, trusted);
  const created = await insertAll(trx, drafts);
  const fresh = drafts.filter(({ row }) => created.has(row.id));
  await insertSources(trx, fresh);
  await insertHistory(trx, fresh, author);
  await noteChanges(trx, {
    workspaceId,
    subject: 'memory',
    op: 'upsert',
    items: fresh.map(({ row }) => ({ id: row.id, version: 1 })),
  });
  await countActive(trx, workspaceId, fresh.length);
  return readAll(trx, workspaceId, { drafts, created });
}

function toDraft(workspaceId: string, memory: NewMemory, now: Date): Draft {
  const { importance = 0.5, origin, derivedFrom = [] } = memory;
  if (!(importance >= 0 && importance <= 1)) throw invalid('its importance is not from 0 to 1');
  const text = memoryText(memory.text);
  const strength = { stabilityMs: firstStability(importance), lastAccessMs: now.getTime() };
  const row: NewRow = {
    workspace_id: workspaceId,
    id: newId('memory'),
    kind: memory.kind,
    ...ownerColumns(memory),
    text,
    text_hash: textHash(text),
    importance,
    stability_ms: strength.stabilityMs,
    last_access_at: now,
    forget_at: new Date(forgetAtMs(strength)),
    valid_at: validTime(memory.validAt) ?? now,
    pinned: memory.pinned ?? false,
    origin,
    trusted: (memory.trusted ?? true) && !UNTRUSTED_ORIGINS.includes(origin),
    run_id: memory.runId ?? null,
    step_id: memory.stepId ?? null,
    message_id: memory.messageId ?? null,
    key: memory.key ?? null,
    created_at: now,
    updated_at: now,
  };
  return { row, derivedFrom: [...new Set(derivedFrom)].sort() };
}

function ownerColumns(memory: NewMemory) {
  const { scope, userId = null, agentId = null, threadId = null } = memory;
  const ids = { user: userId, agent: agentId, thread: threadId, workspace: '' };
  if (ids[scope] === null) throw invalid(`its scope is ${scope}, whose id is missing`);
  return { scope, user_id: userId, agent_id: agentId, thread_id: threadId };
}

function validTime(time: string | undefined): Date | null {
  if (time === undefined) return null;
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) throw invalid('its time is not one');
  return date;
}

/** What was derived from untrusted text is untrusted too, whatever its writer says. */
async function withTrust(
  trx: Kysely<Tables>,
  workspaceId: string,
  drafts: readonly Draft[],
): Promise<readonly Draft[]> {
  const sources = [...new Set(drafts.flatMap(({ derivedFrom }) => derivedFrom))];
  if (sources.length === 0) return drafts;
  const rows = await trx
    .selectFrom('memories')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', sql<string>`any(${sources}::text[])`)
    .where('trusted', '=', false)
    .execute();
  const untrusted = new Set(rows.map(({ id }) => id));
  return drafts.map((draft) =>
    draft.derivedFrom.some((id) => untrusted.has(id))
      ? { ...draft, row: { ...draft.row, trusted: false } }
      : draft,
  );
}

/** Memories of a thread stand in it as they were given: ids of one moment have no order. */
async function withPlaces(
  trx: Kysely<Tables>,
  workspaceId: string,
  drafts: readonly Draft[],
): Promise<readonly Draft[]> {
  const threads = [...new Set(drafts.flatMap(({ row }) => row.thread_id ?? []))].sort();
  const next = new Map<string, number>();
  for (const thread of threads) {
    // Writers of one thread take turns, in one order everywhere: no place is given twice.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`${workspaceId}/${thread}`}, 11))`.execute(
      trx,
    );
    const { rows } = await sql<{ readonly next: number }>`
      select coalesce(max(thread_position) + 1, 0) as next from memories
      where workspace_id = ${workspaceId} and thread_id = ${thread}`.execute(trx);
    next.set(thread, rows[0]?.next ?? 0);
  }
  return drafts.map((draft) => {
    const { thread_id: thread = null } = draft.row;
    if (thread === null) return draft;
    const place = next.get(thread) ?? 0;
    next.set(thread, place + 1);
    return { ...draft, row: { ...draft.row, thread_position: place } };
  });
}

async function insertAll(
  trx: Kysely<Tables>,
  drafts: readonly Draft[],
): Promise<ReadonlySet<string>> {
  if (drafts.length === 0) return new Set();
  // In one order everywhere: those who write the same texts cannot deadlock.
  const rows = drafts.map(({ row }) => row).sort((a, b) => (a.text_hash < b.text_hash ? -1 : 1));
  try {
    const inserted = await trx
      .insertInto('memories')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .execute();
    return new Set(inserted.map(({ id }) => id));
  } catch (error) {
    if (violatesForeignKey(error)) throw invalid('its agent, thread or run does not exist');
    throw error;
  }
}

async function insertSources(trx: Kysely<Tables>, drafts: readonly Draft[]): Promise<void> {
  const rows = drafts.flatMap(({ row, derivedFrom }) =>
    derivedFrom.map((id) => ({
      workspace_id: row.workspace_id,
      memory_id: row.id,
      source_id: id,
    })),
  );
  if (rows.length === 0) return;
  try {
    await trx.insertInto('memory_sources').values(rows).execute();
  } catch (error) {
    if (violatesForeignKey(error))
      throw invalid('a memory that it was derived from does not exist');
    throw error;
  }
}

async function insertHistory(
  trx: Kysely<Tables>,
  drafts: readonly Draft[],
  { actor, why }: MemoryAuthor,
): Promise<void> {
  if (drafts.length === 0) return;
  const rows = drafts.map(({ row }) => ({
    workspace_id: row.workspace_id,
    memory_id: row.id,
    version: 1,
    change: 'created' as const,
    text: row.text,
    actor,
    why,
    at: row.created_at ?? new Date(),
  }));
  await trx.insertInto('memory_history').values(rows).execute();
}

async function readAll(
  trx: Kysely<Tables>,
  workspaceId: string,
  { drafts, created }: { readonly drafts: readonly Draft[]; readonly created: ReadonlySet<string> },
): Promise<readonly Remembered[]> {
  const { rows } = await sql<MemoryRow>`
    select ${MEMORY_COLUMNS} from memories m
    where m.workspace_id = ${workspaceId} and m.id = any(${[...created]}::text[])`.execute(trx);
  const byId = new Map(rows.map((row) => [row.id, memoryFromRow(row)]));
  const answers: Remembered[] = [];
  for (const { row } of drafts) {
    const memory = byId.get(row.id);
    answers.push(memory === undefined ? await findSame(trx, row) : { kind: 'created', memory });
  }
  return answers;
}

/** What stood in the way of a new row: its key, or the same text. */
async function findSame(trx: Kysely<Tables>, row: NewRow): Promise<Remembered> {
  const { key = null } = row;
  const byKey = key === null ? null : await findByKey(trx, row.workspace_id, key);
  if (byKey !== null) return { kind: 'existing', memory: byKey };
  const { rows } = await sql<MemoryRow>`
    select ${MEMORY_COLUMNS} from memories m
    where m.workspace_id = ${row.workspace_id} and m.text_hash = ${row.text_hash}
      and m.kind = ${row.kind} and m.scope = ${row.scope}
      and coalesce(m.user_id, '') = ${row.user_id ?? ''}
      and coalesce(m.agent_id, '') = ${row.agent_id ?? ''}
      and coalesce(m.thread_id, '') = ${row.thread_id ?? ''}
      and m.status = 'active' and m.invalid_at is null`.execute(trx);
  const [same] = rows;
  // It has ended between the two statements: written again, it finds nothing in its way.
  if (same === undefined) throw new AppError('service.unavailable', 'the memory has just changed');
  return { kind: 'duplicate', memory: memoryFromRow(same) };
}

/** The memory that was written with the key; null if none was. */
export async function findByKey(
  kysely: Kysely<Tables>,
  workspaceId: string,
  key: string,
): Promise<Memory | null> {
  return (await findByKeys(kysely, workspaceId, [key])).get(key) ?? null;
}

/** The memories that were written with keys, by them. */
export async function findByKeys(
  kysely: Kysely<Tables>,
  workspaceId: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Memory>> {
  const { rows } = await sql<MemoryRow & { readonly key: string }>`
    select ${MEMORY_COLUMNS}, m.key from memories m
    where m.workspace_id = ${workspaceId} and m.key = any(${keys}::text[])`.execute(kysely);
  return new Map(rows.map((row) => [row.key, memoryFromRow(row)]));
}

function invalid(reason: string): AppError {
  return new AppError('memory.invalid', `the memory is not valid: ${reason}`);
}
