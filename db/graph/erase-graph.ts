import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { ErasedCounts } from '../../contracts/memory.ts';
import type { ErasedPerson } from '../knowledge/erase-documents.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';

interface Removed {
  readonly id: string;
  readonly version: number;
}

interface RemovedFact extends Removed {
  readonly src: string;
  readonly dst: string;
}

/**
 * Removes what tells of a person: facts of his and those learnt from his memories, in all their
 * versions, his entities, entities that no fact is about any more, and summaries of those that stay.
 */
export async function eraseGraph(
  trx: Kysely<Tables>,
  {
    workspaceId,
    userId,
    erasureId,
    memoryIds,
  }: ErasedPerson & { readonly memoryIds: readonly string[] },
): Promise<Pick<ErasedCounts, 'entities' | 'graphFacts'>> {
  const facts = await deleteFacts(trx, {
    workspaceId,
    erasureId,
    only: sql`f.user_id = ${userId} or f.memory_id = any(${memoryIds}::text[])
      or f.src in (select e.id from kg_entities e
        where e.workspace_id = ${workspaceId} and e.user_id = ${userId})
      or f.dst in (select e.id from kg_entities e
        where e.workspace_id = ${workspaceId} and e.user_id = ${userId})`,
  });
  const ends = [...new Set(facts.flatMap(({ src, dst }) => [src, dst]))].sort();
  const { rows: entities } = await sql<Removed>`
    delete from kg_entities e where e.workspace_id = ${workspaceId} and (
      e.user_id = ${userId}
      or (e.id = any(${ends}::text[])
        and not exists (select from kg_facts f where f.workspace_id = e.workspace_id
          and f.src = e.id)
        and not exists (select from kg_facts f where f.workspace_id = e.workspace_id
          and f.dst = e.id)))
    returning e.id, e.version + 1 as version`.execute(trx);
  const subject = 'entity';
  await noteChanges(trx, { workspaceId, subject, op: 'delete', items: entities, erasureId });
  // A summary may have been made from what is erased: it is written anew from what is left.
  const { rows: shared } = await sql<Removed>`
    update kg_entities e set summary = '', version = e.version + 1
    where e.workspace_id = ${workspaceId} and e.id = any(${ends}::text[]) and e.summary <> ''
    returning e.id, e.version`.execute(trx);
  await noteChanges(trx, { workspaceId, subject, op: 'upsert', items: shared, erasureId });
  return { entities: entities.length, graphFacts: new Set(facts.map(({ id }) => id)).size };
}

/** Removes facts with all their versions, not only what is known now. `only` is SQL on `f`. */
export async function deleteFacts(
  trx: Kysely<Tables>,
  request: {
    readonly workspaceId: string;
    readonly only: RawBuilder<unknown>;
    readonly erasureId?: string;
  },
): Promise<readonly RemovedFact[]> {
  const { workspaceId, only, erasureId } = request;
  const { rows } = await sql<RemovedFact>`
    delete from kg_facts d where d.workspace_id = ${workspaceId} and d.id in (
      select f.id from kg_facts f where f.workspace_id = ${workspaceId} and (${only}))
    returning d.id, d.version + 1 as version, d.src, d.dst`.execute(trx);
  const last = new Map<string, RemovedFact>();
  for (const fact of rows) {
    if ((last.get(fact.id)?.version ?? 0) < fact.version) last.set(fact.id, fact);
  }
  await noteChanges(trx, {
    workspaceId,
    subject: 'fact',
    op: 'delete',
    items: [...last.values()],
    ...(erasureId === undefined ? {} : { erasureId }),
  });
  return rows;
}
