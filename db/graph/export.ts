import {
  ENTITY_COLUMNS,
  FACT_COLUMNS,
  entityFromRow,
  factFromRow,
  type EntityRow,
  type FactRow,
} from '../rows/graph-row.ts';
import { sql, type Kysely } from 'kysely';
import type { GraphCounts, GraphItem } from '../../contracts/graph.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';

/** See `GraphStore.export`. */
export async function* exportGraph(
  kysely: Kysely<Tables>,
  workspaceId: string,
): AsyncGenerator<GraphItem> {
  yield* exportEntities(kysely, workspaceId);
  yield* exportFacts(kysely, workspaceId);
}

/** See `GraphStore.count`. */
export async function countGraph(
  kysely: Kysely<Tables>,
  workspaceId: string,
): Promise<GraphCounts> {
  const { rows } = await sql<GraphCounts>`
    select
      (select count(*)::int from kg_entities where workspace_id = ${workspaceId}) as entities,
      (select count(*)::int from kg_facts where workspace_id = ${workspaceId}) as "factVersions"
    `.execute(kysely);
  return rows[0] ?? { entities: 0, factVersions: 0 };
}

async function* exportEntities(
  kysely: Kysely<Tables>,
  workspaceId: string,
): AsyncGenerator<GraphItem> {
  let after: string | undefined = '';
  while (after !== undefined) {
    const page: { readonly rows: EntityRow[] } = await sql<EntityRow>`
      select ${ENTITY_COLUMNS} from kg_entities e
      where e.workspace_id = ${workspaceId} and e.id > ${after}
      order by e.id limit ${LIMITS.memoryBatch}`.execute(kysely);
    for (const row of page.rows) yield { kind: 'entity', entity: entityFromRow(row) };
    after = page.rows.at(-1)?.id;
  }
}

async function* exportFacts(
  kysely: Kysely<Tables>,
  workspaceId: string,
): AsyncGenerator<GraphItem> {
  let after: Pick<FactRow, 'id' | 'version'> | undefined = { id: '', version: 0 };
  while (after !== undefined) {
    const page: { readonly rows: FactRow[] } = await sql<FactRow>`
      select ${FACT_COLUMNS} from kg_facts f
      where f.workspace_id = ${workspaceId}
        and (f.id, f.version) > (${after.id}, ${after.version}::int)
      order by f.id, f.version limit ${LIMITS.memoryBatch}`.execute(kysely);
    for (const row of page.rows) yield { kind: 'fact', fact: factFromRow(row) };
    after = page.rows.at(-1);
  }
}
