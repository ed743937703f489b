import { ENTITY_COLUMNS, entityFromRow, type EntityRow } from '../rows/graph-row.ts';
import { sql, type Kysely } from 'kysely';
import { AppError } from '../../contracts/app-error.ts';
import type { Entity, EntitySearch } from '../../contracts/graph.ts';
import { nameKey, wordsOf } from '../../contracts/entity-name.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { noteChanges } from '../projections/note-changes.ts';
import { visibleTo } from './moment.ts';
import type { Tables } from '../tables.ts';

/** An entity by its name; one of the same name, type and person is the same. */
export interface NewEntity {
  readonly name: string;
  readonly type: string;
  /** Replaces the one that stands, unless it is empty. */
  readonly summary?: string;
  readonly userId?: string;
}

/** See `GraphStore.putEntities`; belongs into a transaction. */
export async function putEntities(
  trx: Kysely<Tables>,
  workspaceId: string,
  entities: readonly NewEntity[],
): Promise<readonly Entity[]> {
  // In one order everywhere: those who write the same entities queue, and none deadlocks.
  const order = entities
    .map((entity, index) => ({ entity, index, key: nameKey(entity.name) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const rows: (EntityRow | undefined)[] = [];
  const changed: EntityRow[] = [];
  for (const { entity, index, key } of order) {
    const row = await putEntity(trx, workspaceId, { entity, key });
    rows[index] = row;
    if (row.changed) changed.push(row);
  }
  await noteChanges(trx, { workspaceId, subject: 'entity', op: 'upsert', items: unique(changed) });
  return rows.flatMap((row) => (row === undefined ? [] : [entityFromRow(row)]));
}

/** See `GraphStore.getEntities`. */
export async function getEntities(
  kysely: Kysely<Tables>,
  workspaceId: string,
  ids: readonly string[],
): Promise<readonly Entity[]> {
  const { rows } = await sql<EntityRow>`
    select ${ENTITY_COLUMNS} from kg_entities e
    where e.workspace_id = ${workspaceId} and e.id = any(${ids}::text[])`.execute(kysely);
  const byId = new Map(rows.map((row) => [row.id, entityFromRow(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** See `GraphStore.findEntities`. */
export async function findEntities(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { text, type, viewerId, limit }: EntitySearch,
): Promise<readonly Entity[]> {
  const words = wordsOf(text);
  if (words.length === 0) return [];
  const ofType = type === undefined ? sql`true` : sql`e.type = ${type}`;
  const known = sql`e.workspace_id = ${workspaceId} and ${ofType} and ${visibleTo('e', viewerId)}`;
  // A whole word counts twice what its beginning does; long names count less.
  const { rows } = await sql<EntityRow>`
    with hit as materialized (
      select h.entity_id, h.score from unnest(${words}::text[]) as q (word)
      cross join lateral (
        select w.entity_id, max(case when w.word = q.word then 2 else 1 end) as score
        from kg_entity_words w
        where w.workspace_id = ${workspaceId} and w.word >= q.word
          and w.word < q.word || chr(1114111)
        group by w.entity_id limit ${LIMITS.graphRows}) h),
    best as (select entity_id, sum(score) as score from hit group by entity_id)
    select ${ENTITY_COLUMNS} from best b
    join kg_entities e on ${known} and e.id = b.entity_id
    order by b.score / (1.0 + e.words) desc, b.score desc, e.id
    limit ${Math.min(limit, LIMITS.pageSize)}`.execute(kysely);
  return rows.map(entityFromRow);
}

async function putEntity(
  trx: Kysely<Tables>,
  workspaceId: string,
  { entity, key }: { readonly entity: NewEntity; readonly key: string },
): Promise<EntityRow & { readonly changed: boolean }> {
  const { name, type, summary = '', userId = null } = entity;
  const words = wordsOf(name);
  if (key === '') throw new AppError('memory.invalid', 'an entity needs a name');
  const made = await sql<EntityRow & { readonly created: boolean }>`
    insert into kg_entities as e
      (workspace_id, id, name, name_key, type, summary, user_id, words)
    values (${workspaceId}, ${newId('entity')}, ${name.trim()}, ${key}, ${type}, ${summary},
      ${userId}, ${words.length})
    on conflict (workspace_id, name_key, type, coalesce(user_id, '')) do update set
      summary = excluded.summary, version = e.version + 1
    where excluded.summary not in ('', e.summary)
    returning ${ENTITY_COLUMNS}, e.version = 1 as created`.execute(trx);
  const [row] = made.rows;
  if (row === undefined) {
    return { ...(await sameEntity(trx, workspaceId, { entity, key })), changed: false };
  }
  if (row.created) await writeWords(trx, row, words);
  return { ...row, changed: true };
}

async function sameEntity(
  trx: Kysely<Tables>,
  workspaceId: string,
  { entity, key }: { readonly entity: NewEntity; readonly key: string },
): Promise<EntityRow> {
  const { rows } = await sql<EntityRow>`
    select ${ENTITY_COLUMNS} from kg_entities e
    where e.workspace_id = ${workspaceId} and e.name_key = ${key} and e.type = ${entity.type}
      and coalesce(e.user_id, '') = ${entity.userId ?? ''}`.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new AppError('service.unavailable', 'the entity has just changed');
  return row;
}

async function writeWords(
  trx: Kysely<Tables>,
  { workspace_id, id }: EntityRow,
  words: readonly string[],
): Promise<void> {
  if (words.length === 0) return;
  await trx
    .insertInto('kg_entity_words')
    .values(words.map((word) => ({ workspace_id, word, entity_id: id })))
    .execute();
}

function unique(rows: readonly EntityRow[]): readonly EntityRow[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}
