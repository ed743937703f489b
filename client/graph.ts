import type {
  CloseFactRequest,
  EntityFactsQuery,
  FindEntitiesQuery,
  NeighbourhoodQuery,
  PathQuery,
  PutEntitiesRequest,
  RecordFactRequest,
} from '../contracts/graph.schema.ts';
import type {
  Entity,
  EntityFacts,
  GraphFact,
  GraphPath,
  Neighbourhood,
} from '../contracts/graph.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';
import type { ViewerOptions } from './memories.ts';

/** Entities and facts with two times: since when something is so, and since when it is known. */
export interface Graph {
  /** Makes entities, or finds those of these names, types and persons. */
  putEntities(body: PutEntitiesRequest, options?: RequestOptions): Promise<readonly Entity[]>;
  /** By words of their names, best first. */
  findEntities(query: FindEntitiesQuery, options?: RequestOptions): Promise<readonly Entity[]>;
  getEntity(entityId: string, options?: ViewerOptions): Promise<Entity>;
  /** In both directions, as they were so and known at a moment. */
  facts(entityId: string, query?: EntityFactsQuery, options?: RequestOptions): Promise<EntityFacts>;
  /** Repeatable if the fact has a `key`. */
  recordFact(body: RecordFactRequest, options?: RequestOptions): Promise<GraphFact>;
  /** Since when it is not so any more; what was known before stays. */
  closeFact(factId: string, body?: CloseFactRequest, options?: ViewerOptions): Promise<GraphFact>;
  /** All that was ever known of it, oldest first. */
  factHistory(factId: string, options?: ViewerOptions): Promise<readonly GraphFact[]>;
  neighbourhood(query: NeighbourhoodQuery, options?: RequestOptions): Promise<Neighbourhood>;
  /** A shortest way; null if there is none within the depth. */
  path(query: PathQuery, options?: RequestOptions): Promise<GraphPath | null>;
}

const ENTITIES = '/v1/graph/entities';
const FACTS = '/v1/graph/facts';

interface Items<T> {
  readonly items: readonly T[];
}

/** The resource `graph`. */
export function createGraph(transport: Transport): Graph {
  return { ...entities(transport), ...facts(transport), ...walks(transport) };
}

function entities(transport: Transport): Pick<Graph, 'putEntities' | 'findEntities' | 'getEntity'> {
  return {
    putEntities: async (body, { signal } = {}) => {
      const request = { method: 'POST', path: ENTITIES, body, signal } as const;
      return (await transport.json<Items<Entity>>(request)).items;
    },
    findEntities: async (query, { signal } = {}) => {
      const request = { method: 'GET', path: ENTITIES, query, signal } as const;
      return (await transport.json<Items<Entity>>(request)).items;
    },
    getEntity: (entityId, { userId, signal } = {}) =>
      transport.json({
        method: 'GET',
        path: `${ENTITIES}/${segment(entityId)}`,
        query: { userId },
        signal,
      }),
  };
}

function facts(
  transport: Transport,
): Pick<Graph, 'facts' | 'recordFact' | 'closeFact' | 'factHistory'> {
  return {
    facts: (entityId, query = {}, { signal } = {}) => {
      const path = `${ENTITIES}/${segment(entityId)}/facts`;
      return transport.json({ method: 'GET', path, query, signal });
    },
    recordFact: (body, { signal } = {}) =>
      transport.json({
        method: 'POST',
        path: FACTS,
        body,
        signal,
        ...(body.key === undefined ? { repeat: 'refused' } : {}),
      }),
    closeFact: (factId, body = {}, { userId, signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `${FACTS}/${segment(factId)}/close`,
        query: { userId },
        body,
        signal,
      }),
    factHistory: async (factId, { userId, signal } = {}) => {
      const path = `${FACTS}/${segment(factId)}/history`;
      const request = { method: 'GET', path, query: { userId }, signal } as const;
      return (await transport.json<Items<GraphFact>>(request)).items;
    },
  };
}

function walks(transport: Transport): Pick<Graph, 'neighbourhood' | 'path'> {
  return {
    neighbourhood: (query, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/graph/neighbourhood', query, signal }),
    path: async (query, { signal } = {}) => {
      const request = { method: 'GET', path: '/v1/graph/path', query, signal } as const;
      return (await transport.json<{ readonly path: GraphPath | null }>(request)).path;
    },
  };
}
