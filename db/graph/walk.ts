import { FACT_COLUMNS, factFromRow, type FactRow } from '../rows/graph-row.ts';
import type {
  Entity,
  GraphMoment,
  GraphPath,
  Neighbourhood,
  NeighbourhoodRequest,
  PathRequest,
} from '../../contracts/graph.ts';
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { getEntities } from './entities.ts';
import { knownArms, visibleTo } from './moment.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';

interface Walk extends GraphMoment {
  readonly from: readonly string[];
  readonly depth: number;
  readonly now: Date;
}

interface Reached {
  readonly entity: string;
  readonly depth: number;
  readonly steps: number;
}

/** See `GraphStore.neighbourhood`. */
export async function neighbourhood(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: NeighbourhoodRequest & { readonly now: Date },
): Promise<Neighbourhood> {
  const limit = Math.min(request.limit, LIMITS.graphRows);
  const { rows } = await sql<Reached>`
    with recursive ${walk(workspaceId, request)}
    select r.entity, r.depth, (select count(*) from steps)::int as steps
    from reached r order by r.depth, r.entity limit ${limit + 1}`.execute(kysely);
  // Read by their ids: joined, the planner would expect as many as the walk may reach.
  const shown = new Map(rows.slice(0, limit).map(({ entity, depth }) => [entity, depth]));
  const known = await getEntities(kysely, workspaceId, [...shown.keys()]);
  const entities = known
    .filter((entity) => isVisible(entity, request.viewerId))
    .map((entity) => ({ ...entity, depth: shown.get(entity.id) ?? 0 }));
  const facts = await factsAmong(kysely, workspaceId, {
    ...request,
    ids: entities.map(({ id }) => id),
  });
  const cut = (rows[0]?.steps ?? 0) >= LIMITS.graphRows || facts.length > LIMITS.graphRows;
  return {
    entities,
    facts: facts.slice(0, LIMITS.graphRows),
    truncated: cut || rows.length > limit,
  };
}

/** See `GraphStore.path`. */
export async function shortestPath(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { from, to, now, ...request }: PathRequest & { readonly now: Date },
): Promise<GraphPath | null> {
  const step = { ...request, now };
  // The distances from the beginning are known: each step back takes a fact to one that is nearer.
  const { rows } = await sql<FactRow & { readonly entity: string; readonly depth: number }>`
    with recursive ${walk(workspaceId, { ...step, from: [from] })},
    back as (
      select r.entity, r.depth, null::text collate "C" as fact_id, null::int as fact_version
      from reached r where r.entity = ${to}
      union all
      select n.next, b.depth - 1, n.id, n.version from back b
      cross join lateral (
        select a.next, a.id, a.version
        from (${knownArms(workspaceId, step, sql`b.entity`)}) a
        join reached r on r.entity = a.next and r.depth = b.depth - 1
        order by a.confidence desc, a.id limit 1) n
      where b.depth > 0)
    select b.entity, b.depth, ${FACT_COLUMNS} from back b
    left join kg_facts f on f.workspace_id = ${workspaceId} and f.id = b.fact_id
      and f.version = b.fact_version
    order by b.depth`.execute(kysely);
  if (rows[0]?.entity !== from) return null;
  const entities = await getEntities(
    kysely,
    workspaceId,
    rows.map(({ entity }) => entity),
  );
  if (!entities.every((entity) => isVisible(entity, request.viewerId))) return null;
  // The fact of a row leads away from its entity: the last one has none.
  return { entities, facts: rows.slice(0, -1).map(factFromRow) };
}

/**
 * The steps of a walk and the entities reached with their distance. A limit ends the walk where it
 * stands, and breadth comes first: what is left out is what is farthest.
 */
function walk(workspaceId: string, request: Walk): RawBuilder<unknown> {
  const depth = Math.min(request.depth, LIMITS.graphDepth);
  return sql`
    wave (entity, depth) as (
      select e.id, 0 from kg_entities e
      where e.workspace_id = ${workspaceId} and e.id = any(${request.from}::text[])
        and ${visibleTo('e', request.viewerId)}
      union
      select n.next, w.depth + 1 from wave w
      cross join lateral (${knownArms(workspaceId, request, sql`w.entity`)}) n
      where w.depth < ${depth}),
    steps as materialized (select entity, depth from wave limit ${LIMITS.graphRows}),
    reached as materialized (
      select entity, min(depth) as depth from steps group by entity)`;
}

async function factsAmong(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: GraphMoment & { readonly ids: readonly string[]; readonly now: Date },
): Promise<ReturnType<typeof factFromRow>[]> {
  const { rows } = await sql<FactRow>`
    select distinct on (f.id, f.version) ${FACT_COLUMNS}
    from unnest(${request.ids}::text[]) as s (id)
    cross join lateral (${knownArms(workspaceId, request, sql`s.id`)}) f
    where f.next = any(${request.ids}::text[])
    order by f.id, f.version limit ${LIMITS.graphRows + 1}`.execute(kysely);
  return rows.map(factFromRow);
}

function isVisible({ userId }: Entity, viewerId: string | undefined): boolean {
  return viewerId === undefined || userId === null || userId === viewerId;
}
