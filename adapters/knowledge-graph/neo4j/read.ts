import { ENTITY, FACT, NAMED, WORD } from './schema.ts';
import type {
  Entity,
  EntitySearch,
  FactsRequest,
  GraphCounts,
  GraphFact,
  GraphMoment,
} from '../../../contracts/graph.ts';
import {
  fromEntityProperties,
  fromFactRow,
  type EntityProperties,
  type FactRow,
} from './properties.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { Parameter, Run } from './connection.ts';
import type { Scope } from './generations.ts';
import { wordsOf } from '../../../contracts/entity-name.ts';

/** Of nobody in particular, or of the one who looks. */
function visible(name: 'e' | 'f' | 'n'): string {
  return `($viewer IS NULL OR ${name}.userId IS NULL OR ${name}.userId = $viewer)`;
}

/** Whether a fact `f` is so and known at the moment, and there for the one who looks. */
export const AT_MOMENT = `f.ns = $ns AND f.gen = $gen
  AND f.validAt <= $valid AND (f.invalidAt IS NULL OR f.invalidAt > $valid)
  AND CASE WHEN $known IS NULL THEN f.expiredAt IS NULL
    ELSE f.recordedAt <= $known AND (f.expiredAt IS NULL OR f.expiredAt > $known) END
  AND ${visible('f')}`;

/** Whether entities are there, for the one who looks; without a version one has not arrived. */
export const ENDS_THERE = `e.version IS NOT NULL AND n.version IS NOT NULL
  AND n.ns = $ns AND n.gen = $gen AND ${visible('e')} AND ${visible('n')}`;

/** The parameters of `AT_MOMENT`. */
export function momentParameters(
  { validAt, recordedAt, viewerId }: GraphMoment,
  now: Date,
): Readonly<Record<string, Parameter>> {
  return {
    valid: validAt === undefined ? now.getTime() : Date.parse(validAt),
    known: recordedAt === undefined ? null : Date.parse(recordedAt),
    viewer: viewerId ?? null,
  };
}

/** See `GraphReader.findEntities`. */
export async function findEntities(
  run: Run,
  scope: Scope,
  { text, type, viewerId, limit }: EntitySearch,
): Promise<readonly Entity[]> {
  const words = wordsOf(text);
  if (words.length === 0) return [];
  // A whole word counts twice what its beginning does; long names count less.
  const rows = await run<{ readonly entity: EntityProperties }>(
    `UNWIND $words AS q
     CALL (q) {
       MATCH (w:${WORD}) WHERE w.ns = $ns AND w.gen = $gen AND w.word STARTS WITH q
       MATCH (e:${ENTITY})-[:${NAMED}]->(w)
       RETURN e, max(CASE WHEN w.word = q THEN 2 ELSE 1 END) AS points
       LIMIT ${LIMITS.graphRows}
     }
     WITH e, sum(points) AS score
     WHERE ($type IS NULL OR e.type = $type) AND ${visible('e')}
     RETURN properties(e) AS entity
     ORDER BY score / (1.0 + e.words) DESC, score DESC, e.id LIMIT toInteger($limit)`,
    {
      ...{ ...scope, words, type: type ?? null, viewer: viewerId ?? null },
      limit: Math.min(limit, LIMITS.pageSize),
    },
  );
  return rows.map(({ entity }) => fromEntityProperties(scope.ns, entity));
}

/** See `GraphReader.facts`. */
export async function factsAt(
  run: Run,
  scope: Scope,
  { entityId, predicate, limit = LIMITS.graphRows, now, ...moment }: FactsRequest & { now: Date },
): Promise<readonly GraphFact[]> {
  const rows = await run<FactRow>(
    `MATCH (e:${ENTITY}) WHERE e.ns = $ns AND e.gen = $gen AND e.id = $id
     MATCH (e)-[f:${FACT}]-(n:${ENTITY})
     WHERE ${AT_MOMENT} AND ($predicate IS NULL OR f.predicate = $predicate)
       AND e.version IS NOT NULL AND n.version IS NOT NULL
     WITH DISTINCT f ORDER BY f.id, f.version LIMIT toInteger($limit)
     RETURN properties(f) AS fact, startNode(f).id AS source, endNode(f).id AS target
     ORDER BY f.id, f.version`,
    {
      ...{ ...scope, ...momentParameters(moment, now), id: entityId },
      predicate: predicate ?? null,
      limit: Math.min(limit, LIMITS.graphRows),
    },
  );
  return rows.map((row) => fromFactRow(scope.ns, row));
}

/** Those that are there, for the one who looks, in the order of the ids. */
export async function entitiesOf(
  run: Run,
  scope: Scope,
  { ids, viewerId }: { readonly ids: readonly string[]; readonly viewerId: string | undefined },
): Promise<readonly Entity[]> {
  const rows = await run<{ readonly entity: EntityProperties }>(
    `MATCH (e:${ENTITY}) WHERE e.ns = $ns AND e.gen = $gen AND e.id IN $ids
       AND e.version IS NOT NULL AND ${visible('e')}
     RETURN properties(e) AS entity`,
    { ...scope, ids, viewer: viewerId ?? null },
  );
  const byId = new Map(rows.map(({ entity }) => [entity.id, entity]));
  return ids.flatMap((id) => {
    const entity = byId.get(id);
    return entity === undefined ? [] : [fromEntityProperties(scope.ns, entity)];
  });
}

/** See `KnowledgeGraph.stats`. */
export async function countItems(run: Run, scope: Scope): Promise<GraphCounts> {
  const [entities] = await run<{ readonly count: number }>(
    `MATCH (e:${ENTITY}) WHERE e.ns = $ns AND e.gen = $gen AND e.id IS NOT NULL
       AND e.version IS NOT NULL
     RETURN count(e) AS count`,
    scope,
  );
  const [facts] = await run<{ readonly count: number }>(
    `MATCH ()-[f:${FACT}]->() WHERE f.ns = $ns AND f.gen = $gen AND f.id IS NOT NULL
       AND f.version IS NOT NULL
     RETURN count(f) AS count`,
    scope,
  );
  return { entities: entities?.count ?? 0, factVersions: facts?.count ?? 0 };
}
