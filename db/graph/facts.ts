import { FACT_COLUMNS, factFromRow, type FactRow } from '../rows/graph-row.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { FactsRequest, GraphFact } from '../../contracts/graph.ts';
import { knownArms, visibleTo } from './moment.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';
import { violatesForeignKey } from '../violation.ts';

/** A fact that was learnt. */
export interface NewFact {
  readonly sourceId: string;
  readonly targetId: string;
  readonly predicate: string;
  readonly text: string;
  /** From 0 to 1; 1 by default. */
  readonly confidence?: number;
  readonly userId?: string;
  readonly memoryId?: string;
  readonly runId?: string;
  readonly messageId?: string;
  /** Now by default. */
  readonly validAt?: string;
  readonly invalidAt?: string;
  /** Makes recording it repeatable. */
  readonly key?: string;
}

/** See `GraphStore.record`; belongs into a transaction. */
export async function recordFact(
  trx: Kysely<Tables>,
  workspaceId: string,
  { fact, now }: { readonly fact: NewFact; readonly now: Date },
): Promise<GraphFact> {
  const { confidence = 1, key = null, invalidAt, validAt } = fact;
  try {
    const { rows } = await sql<FactRow>`
      insert into kg_facts as f (workspace_id, id, version, src, dst, predicate, text, confidence,
        user_id, memory_id, run_id, message_id, key, valid_at, invalid_at, recorded_at)
      values (${workspaceId}, ${newId('fact')}, 1, ${fact.sourceId}, ${fact.targetId},
        ${fact.predicate}, ${fact.text}, ${confidence}, ${personOf(workspaceId, fact)},
        ${fact.memoryId ?? null}, ${fact.runId ?? null}, ${fact.messageId ?? null}, ${key},
        ${validAt === undefined ? now : new Date(validAt)},
        ${invalidAt === undefined ? null : new Date(invalidAt)}, ${now})
      on conflict (workspace_id, key) where key is not null and version = 1 do nothing
      returning ${FACT_COLUMNS}`.execute(trx);
    const [row] = rows;
    if (row === undefined) return await recordedFact(trx, workspaceId, key ?? '');
    await noteFact(trx, row);
    return factFromRow(row);
  } catch (error) {
    if (!violatesForeignKey(error)) throw error;
    throw new AppError(
      'graph.entity_not_found',
      'an end of the fact, or its source, does not exist',
    );
  }
}

/**
 * See `GraphStore.closeFact`; belongs into a transaction. What was known expires, and the same fact
 * with its end is known from now on.
 */
export async function closeFact(
  trx: Kysely<Tables>,
  workspaceId: string,
  close: { readonly id: string; readonly invalidAt: string; readonly now: Date },
): Promise<boolean> {
  const { id, invalidAt, now } = close;
  // The second of two who close it waits for the row and finds it expired.
  const { rows } = await sql<FactRow>`
    with old as (
      update kg_facts set expired_at = greatest(recorded_at, ${now}::timestamptz)
      where workspace_id = ${workspaceId} and id = ${id} and expired_at is null
        and invalid_at is null
      returning *)
    select ${FACT_COLUMNS} from old f`.execute(trx);
  const [old] = rows;
  if (old === undefined) return false;
  const made = await sql<FactRow>`
    insert into kg_facts as f (workspace_id, id, version, src, dst, predicate, text, confidence,
      user_id, memory_id, run_id, message_id, valid_at, invalid_at, recorded_at)
    select o.workspace_id, o.id, o.version + 1, o.src, o.dst, o.predicate, o.text, o.confidence,
      o.user_id, o.memory_id, o.run_id, o.message_id, o.valid_at,
      greatest(o.valid_at, ${new Date(invalidAt)}::timestamptz), o.expired_at
    from kg_facts o
    where o.workspace_id = ${workspaceId} and o.id = ${id} and o.version = ${old.version}
    returning ${FACT_COLUMNS}`.execute(trx);
  for (const row of made.rows) await noteFact(trx, row);
  return true;
}

/** See `GraphStore.factHistory`. */
export async function factHistory(
  kysely: Kysely<Tables>,
  workspaceId: string,
  id: string,
): Promise<readonly GraphFact[]> {
  const { rows } = await sql<FactRow>`
    select ${FACT_COLUMNS} from kg_facts f
    where f.workspace_id = ${workspaceId} and f.id = ${id} order by f.version`.execute(kysely);
  return rows.map(factFromRow);
}

/** See `GraphStore.facts`. */
export async function factsOf(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: FactsRequest & { readonly now: Date },
): Promise<readonly GraphFact[]> {
  const { entityId, predicate, limit = LIMITS.graphRows } = request;
  const only = predicate === undefined ? sql`true` : sql`f.predicate = ${predicate}`;
  const { rows } = await sql<FactRow>`
    select distinct on (f.id, f.version) ${FACT_COLUMNS}
    from (${knownArms(workspaceId, request, sql`${entityId}`)}) f
    where ${only} order by f.id, f.version
    limit ${Math.min(limit, LIMITS.graphRows)}`.execute(kysely);
  return rows.map(factFromRow);
}

/** See `GraphStore.factsFrom`. */
export async function factsFrom(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: { readonly memoryIds: readonly string[]; readonly viewerId?: string },
): Promise<readonly GraphFact[]> {
  const { rows } = await sql<FactRow>`
    select ${FACT_COLUMNS} from kg_facts f
    where f.workspace_id = ${workspaceId} and f.memory_id = any(${request.memoryIds}::text[])
      and f.expired_at is null and ${visibleTo('f', request.viewerId)}
    order by f.id limit ${LIMITS.graphRows}`.execute(kysely);
  return rows.map(factFromRow);
}

/** What is said of somebody's entity is said of that person. */
function personOf(workspaceId: string, { userId, sourceId, targetId }: NewFact) {
  return sql`coalesce(${userId ?? null}::text, (
    select min(e.user_id) from kg_entities e
    where e.workspace_id = ${workspaceId} and e.id in (${sourceId}, ${targetId})))`;
}

async function recordedFact(
  trx: Kysely<Tables>,
  workspaceId: string,
  key: string,
): Promise<GraphFact> {
  const { rows } = await sql<FactRow>`
    select ${FACT_COLUMNS} from kg_facts f
    where f.workspace_id = ${workspaceId} and f.expired_at is null and f.id = (
      select id from kg_facts where workspace_id = ${workspaceId} and key = ${key}
        and version = 1)`.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new AppError('service.unavailable', 'the fact has just changed');
  return factFromRow(row);
}

async function noteFact(trx: Kysely<Tables>, row: FactRow): Promise<void> {
  const items = [{ id: row.id, version: row.version }];
  const workspaceId = row.workspace_id;
  await noteChanges(trx, { workspaceId, subject: 'fact', op: 'upsert', items });
}
