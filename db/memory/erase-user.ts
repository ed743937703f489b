import type { ErasedCounts, Erasure } from '../../contracts/memory.ts';
import { sql, type Kysely, type Selectable } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import { countActive } from './usage.ts';
import { createHash } from 'node:crypto';
import { eraseCrawls } from '../knowledge/crawls.ts';
import { eraseDocuments } from '../knowledge/erase-documents.ts';
import { eraseGraph } from '../graph/erase-graph.ts';
import { jsonText } from '../json-text.ts';
import { newId } from '../../contracts/ids.ts';
import type { LearningState } from '../../contracts/learning.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';

/** The person that is to be forgotten, and who asks for it. */
export interface EraseRequest {
  readonly userId: string;
  readonly actor: string;
}

interface Target {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly user_id: string | null;
  readonly legal_hold: boolean;
}

/** See `MemoryStore.eraseUser`; belongs into a transaction. */
export async function eraseUser(
  trx: Kysely<Tables>,
  workspaceId: string,
  { userId, actor, now }: EraseRequest & { readonly now: Date },
): Promise<Erasure> {
  const id = newId('erasure');
  const found = await lockTargets(trx, workspaceId, userId);
  const targets = found.filter((target) => !target.legal_hold);
  const memoryIds = targets.map((target) => target.id);
  const who = { workspaceId, userId, erasureId: id };
  const parts = await countParts(trx, workspaceId, memoryIds);
  const graph = await eraseGraph(trx, { ...who, memoryIds });
  await noteChanges(trx, {
    workspaceId,
    subject: 'memory',
    op: 'delete',
    items: targets.map((target) => ({ id: target.id, version: target.version + 1 })),
    erasureId: id,
  });
  await deleteRows(trx, workspaceId, memoryIds);
  // Of kept vectors nobody knows whose text they are of, and a text can be guessed from its vector.
  await trx.deleteFrom('embedding_cache').where('workspace_id', '=', workspaceId).execute();
  // Before the documents, to which a crawl would go on adding.
  const crawls = await eraseCrawls(trx, who);
  const knowledge = await eraseDocuments(trx, who);
  const personal = await erasePersonal(trx, workspaceId, userId);
  const erased: ErasedCounts = {
    memories: targets.length,
    derived: targets.filter((target) => target.user_id !== userId).length,
    ...parts,
    ...knowledge,
    crawls,
    ...graph,
    ...personal,
  };
  const held = found.length - targets.length;
  const remaining = await countRemaining(trx, workspaceId, userId);
  await countActive(
    trx,
    workspaceId,
    -targets.filter((target) => target.status === 'active').length,
  );
  const row = await trx
    .insertInto('erasures')
    .values({
      workspace_id: workspaceId,
      id,
      subject_hash: subjectHash(workspaceId, userId),
      erased: jsonText(erased),
      held,
      remaining,
      actor,
      at: now,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toErasure(trx, row);
}

/** See `MemoryStore.erasure`. */
export async function getErasure(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<Erasure> {
  const row = await kysely
    .selectFrom('erasures')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) throw new AppError('erasure.not_found', `no erasure ${id}`);
  return toErasure(kysely, row);
}

/**
 * Memories of the person, and all that was summarised from them. Locked level by level: while a
 * source is locked nobody can write a summary of it, and a summary written before is seen.
 */
async function lockTargets(
  trx: Kysely<Tables>,
  workspaceId: string,
  userId: string,
): Promise<readonly Target[]> {
  const found = new Map<string, Target>();
  let level = await lockWhere(trx, sql`m.workspace_id = ${workspaceId} and m.user_id = ${userId}`);
  while (level.length > 0) {
    for (const target of level) found.set(target.id, target);
    const sources = level.filter((target) => !target.legal_hold).map(({ id }) => id);
    const known = [...found.keys()];
    level = await lockWhere(
      trx,
      sql`m.workspace_id = ${workspaceId} and m.id <> all(${known}::text[])
        and m.id in (select s.memory_id from memory_sources s
          where s.workspace_id = ${workspaceId} and s.source_id = any(${sources}::text[]))`,
    );
  }
  return [...found.values()];
}

/** What hangs on the person alone. */
async function erasePersonal(
  trx: Kysely<Tables>,
  workspaceId: string,
  userId: string,
): Promise<Pick<ErasedCounts, 'workingValues' | 'feedback'>> {
  const working = await trx
    .deleteFrom('working_memory')
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  await forgetLearnings(trx, workspaceId, userId);
  const feedback = await trx
    .deleteFrom('feedback')
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return {
    workingValues: Number(working.numDeletedRows),
    feedback: Number(feedback.numDeletedRows),
  };
}

/** What is just being learnt from the person's runs: a worker that comes back to it finds it ended. */
async function forgetLearnings(
  trx: Kysely<Tables>,
  workspaceId: string,
  userId: string,
): Promise<void> {
  await trx
    .updateTable('learnings')
    .set({
      user_id: null,
      drafts: null,
      state: sql<LearningState>`case when state = 'learned' then 'learned' else 'skipped' end`,
      reason: 'the person was erased',
    })
    .where('workspace_id', '=', workspaceId)
    .where('user_id', '=', userId)
    .execute();
}

async function deleteRows(
  trx: Kysely<Tables>,
  workspaceId: string,
  ids: readonly string[],
): Promise<void> {
  await trx
    .deleteFrom('memories')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
}

async function lockWhere(
  trx: Kysely<Tables>,
  condition: ReturnType<typeof sql>,
): Promise<readonly Target[]> {
  const { rows } = await sql<Target>`
    select m.id, m.version, m.status, m.user_id, m.legal_hold from memories m
    where ${condition} order by m.id for update`.execute(trx);
  return rows;
}

async function countParts(
  trx: Kysely<Tables>,
  workspaceId: string,
  ids: readonly string[],
): Promise<Pick<ErasedCounts, 'historyEntries' | 'memoryVectors'>> {
  const { rows } = await sql<{ readonly history: number; readonly vectors: number }>`
    select
      (select count(*) from memory_history where workspace_id = ${workspaceId}
        and memory_id = any(${ids}::text[])) as history,
      (select count(*) from memory_vectors where workspace_id = ${workspaceId}
        and memory_id = any(${ids}::text[])) as vectors`.execute(trx);
  return { historyEntries: rows[0]?.history ?? 0, memoryVectors: rows[0]?.vectors ?? 0 };
}

/** Counted after the deletions, from the tables themselves. */
async function countRemaining(
  trx: Kysely<Tables>,
  workspaceId: string,
  userId: string,
): Promise<number> {
  const tables = [
    'memories',
    'documents',
    'crawls',
    'kg_entities',
    'kg_facts',
    'working_memory',
    'feedback',
    'learnings',
  ] as const;
  const counts = tables.map((table) => {
    const held = table === 'memories' ? sql`not legal_hold` : sql`true`;
    return sql`(select count(*) from ${sql.table(table)}
      where workspace_id = ${workspaceId} and user_id = ${userId} and ${held})`;
  });
  const { rows } = await sql<{ readonly remaining: number }>`
    select ${sql.join(counts, sql` + `)} as remaining`.execute(trx);
  return rows[0]?.remaining ?? 0;
}

async function toErasure(
  kysely: Kysely<Tables>,
  row: Selectable<Tables['erasures']>,
): Promise<Erasure> {
  const { pending } = await kysely
    .selectFrom('projection_outbox')
    .select((eb) => eb.fn.countAll<number>().as('pending'))
    .where('workspace_id', '=', row.workspace_id)
    .where('erasure_id', '=', row.id)
    .where('done_at', 'is', null)
    .executeTakeFirstOrThrow();
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    subjectHash: row.subject_hash,
    erased: { ...NO_CRAWLS, ...row.erased },
    held: row.held,
    remaining: row.remaining,
    pendingProjections: pending,
    actor: row.actor,
    at: row.at.toISOString(),
  };
}

/** What erasures from before there were crawls tell of them. */
const NO_CRAWLS = { crawls: 0 };

function subjectHash(workspaceId: string, userId: string): string {
  return createHash('sha256').update(`${workspaceId}\n${userId}`).digest('hex');
}
