import {
  closeFact,
  factHistory,
  factsFrom,
  factsOf,
  recordFact,
  type NewFact,
} from '../graph/facts.ts';
import { countGraph, exportGraph } from '../graph/export.ts';
import type {
  Entity,
  EntitySearch,
  FactsRequest,
  GraphCounts,
  GraphFact,
  GraphItem,
  GraphPath,
  Neighbourhood,
  NeighbourhoodRequest,
  PathRequest,
} from '../../contracts/graph.ts';
import { findEntities, getEntities, putEntities, type NewEntity } from '../graph/entities.ts';
import { neighbourhood, shortestPath } from '../graph/walk.ts';
import type { Database } from '../database.ts';

/**
 * Entities and facts with two times: since when something is so, and since when it is known. Nothing
 * of another workspace is ever reached.
 */
export interface GraphStore {
  /** The entities of these names, made where there are none; in their order. */
  putEntities(workspaceId: string, entities: readonly NewEntity[]): Promise<readonly Entity[]>;
  /** Those that exist, in the order of the ids. */
  getEntities(workspaceId: string, ids: readonly string[]): Promise<readonly Entity[]>;
  /** Those whose names have the words or begin like them, best first. */
  findEntities(workspaceId: string, search: EntitySearch): Promise<readonly Entity[]>;
  /** Throws `graph.entity_not_found`. */
  record(workspaceId: string, fact: NewFact): Promise<GraphFact>;
  /** Ends a fact's time of being so; false if it had ended before or is unknown. */
  closeFact(
    workspaceId: string,
    close: { readonly id: string; readonly invalidAt: string },
  ): Promise<boolean>;
  /** All that was ever known of a fact, oldest first. */
  factHistory(workspaceId: string, id: string): Promise<readonly GraphFact[]>;
  /** Facts at an entity, in both directions. */
  facts(workspaceId: string, request: FactsRequest): Promise<readonly GraphFact[]>;
  /** What is known now from these memories, by id. */
  factsFrom(
    workspaceId: string,
    request: { readonly memoryIds: readonly string[]; readonly viewerId?: string },
  ): Promise<readonly GraphFact[]>;
  /** What is near to some entities, and the facts among them. */
  neighbourhood(workspaceId: string, request: NeighbourhoodRequest): Promise<Neighbourhood>;
  /** A shortest way; null if there is none within the depth. */
  path(workspaceId: string, request: PathRequest): Promise<GraphPath | null>;
  /** All entities, then all versions of facts. What changes meanwhile may be there or not. */
  export(workspaceId: string): AsyncIterable<GraphItem>;
  count(workspaceId: string): Promise<GraphCounts>;
}

/** The graph on PostgreSQL; `clock` says what time it is. */
export function createGraphStore(
  { kysely }: Database,
  clock: () => Date = () => new Date(),
): GraphStore {
  const inOne = <T>(work: (trx: typeof kysely) => Promise<T>): Promise<T> =>
    kysely.transaction().execute(work);
  return {
    putEntities: (ws, entities) => inOne((trx) => putEntities(trx, ws, entities)),
    getEntities: (ws, ids) => getEntities(kysely, ws, ids),
    findEntities: (ws, search) => findEntities(kysely, ws, search),
    record: (ws, fact) => inOne((trx) => recordFact(trx, ws, { fact, now: clock() })),
    closeFact: (ws, close) => inOne((trx) => closeFact(trx, ws, { ...close, now: clock() })),
    factHistory: (ws, id) => factHistory(kysely, ws, id),
    facts: (ws, request) => factsOf(kysely, ws, { ...request, now: clock() }),
    factsFrom: (ws, request) => factsFrom(kysely, ws, request),
    neighbourhood: (ws, request) => neighbourhood(kysely, ws, { ...request, now: clock() }),
    path: (ws, request) => shortestPath(kysely, ws, { ...request, now: clock() }),
    export: (ws) => exportGraph(kysely, ws),
    count: (ws) => countGraph(kysely, ws),
  };
}
