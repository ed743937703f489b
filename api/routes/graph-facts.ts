import {
  closeFactSchema,
  entityFactsQuerySchema,
  factSchema,
  factsSchema,
  recordFactSchema,
} from '../../contracts/graph.schema.ts';
import { graphMomentOf, visibleEntity, visibleFact } from '../graph-access.ts';
import { AppError } from '../../contracts/app-error.ts';
import { defined } from '../defined.ts';
import { invalidRequest } from '../parse.ts';
import { isVisible } from '../memory-access.ts';
import { route } from '../route.ts';
import { viewerQuerySchema } from '../../contracts/memory.schema.ts';

const DEFAULT_LIMIT = 50;

const recordFact = route({
  method: 'POST',
  path: '/v1/graph/facts',
  permission: 'graph:write',
  summary: 'Record what is so between two entities, and where that was learnt',
  body: recordFactSchema,
  answers: { 201: { description: 'the fact', schema: factSchema } },
  problems: ['graph.entity_not_found', 'memory.not_found'],
  handler: async ({ body, workspaceId }, { graph, memories }) => {
    const { sourceId, targetId, predicate, text, key, ...rest } = body;
    refuseBackwards(rest);
    const ends = await graph.getEntities(workspaceId, [sourceId, targetId]);
    const persons = new Set([rest.userId, ...ends.map(({ userId }) => userId)].filter(Boolean));
    if (persons.size > 1) {
      throw new AppError('graph.entity_not_found', 'the ends of the fact are of different persons');
    }
    if (rest.memoryId !== undefined) {
      const memory = await memories.get(workspaceId, rest.memoryId);
      if (!isVisible(memory, [...persons][0] ?? undefined)) {
        throw new AppError('memory.not_found', `no memory ${rest.memoryId}`);
      }
    }
    const fact = { sourceId, targetId, predicate, text, ...defined(rest), ...keyOf(key) };
    return { status: 201, body: await graph.record(workspaceId, fact) };
  },
});

const entityFacts = route({
  method: 'GET',
  path: '/v1/graph/entities/{entity}/facts',
  permission: 'graph:read',
  summary: 'List the facts at an entity, as they were so and known at a moment',
  query: entityFactsQuerySchema,
  answers: { 200: { description: 'facts in both directions', schema: factsSchema } },
  problems: ['graph.entity_not_found'],
  handler: async ({ params, query, workspaceId }, services) => {
    const { userId, predicate, limit = DEFAULT_LIMIT } = query;
    const { id } = await visibleEntity(services, { workspaceId, id: params.entity, userId });
    const found = await services.graph.facts(workspaceId, {
      entityId: id,
      limit: limit + 1,
      ...graphMomentOf(query),
      ...defined({ predicate }),
    });
    const body = { items: found.slice(0, limit), truncated: found.length > limit };
    return { status: 200, body };
  },
});

const factHistory = route({
  method: 'GET',
  path: '/v1/graph/facts/{fact}/history',
  permission: 'graph:read',
  summary: 'List all that was ever known of a fact, oldest first',
  query: viewerQuerySchema,
  answers: { 200: { description: 'its versions', schema: factsSchema } },
  problems: ['graph.fact_not_found'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.fact, userId: query.userId };
    return { status: 200, body: { items: await visibleFact(services, asked), truncated: false } };
  },
});

const closeFact = route({
  method: 'POST',
  path: '/v1/graph/facts/{fact}/close',
  permission: 'graph:write',
  summary: 'Record since when a fact is not so any more; what was known before stays',
  query: viewerQuerySchema,
  body: closeFactSchema,
  answers: { 200: { description: 'the fact as it is known now', schema: factSchema } },
  problems: ['graph.fact_not_found'],
  handler: async ({ params, query, body, workspaceId }, services) => {
    const asked = { workspaceId, id: params.fact, userId: query.userId };
    await visibleFact(services, asked);
    const invalidAt = body.invalidAt ?? new Date().toISOString();
    await services.graph.closeFact(workspaceId, { id: params.fact, invalidAt });
    return { status: 200, body: (await visibleFact(services, asked)).at(-1) };
  },
});

/** Routes of facts. */
export const GRAPH_FACT_ROUTES = [recordFact, entityFacts, factHistory, closeFact];

/** Keys of callers are apart from those of ingestions. */
function keyOf(key: string | undefined): { readonly key?: string } {
  return key === undefined ? {} : { key: `api:${key}` };
}

function refuseBackwards(times: {
  readonly validAt?: string | undefined;
  readonly invalidAt?: string | undefined;
}): void {
  const { validAt, invalidAt } = times;
  if (invalidAt === undefined) return;
  if (Date.parse(invalidAt) >= (validAt === undefined ? Date.now() : Date.parse(validAt))) return;
  const message = 'is before the fact begins to be so';
  throw invalidRequest([{ pointer: '/invalidAt', code: 'request.invalid_value', message }]);
}
