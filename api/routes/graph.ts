import {
  entitiesSchema,
  entitySchema,
  findEntitiesQuerySchema,
  foundPathSchema,
  neighbourhoodQuerySchema,
  neighbourhoodSchema,
  pathQuerySchema,
  putEntitiesSchema,
} from '../../contracts/graph.schema.ts';
import { defined } from '../defined.ts';
import { graphMomentOf, visibleEntity } from '../graph-access.ts';
import { route } from '../route.ts';
import { viewerQuerySchema } from '../../contracts/memory.schema.ts';

const DEFAULT_LIMIT = 50;
const DEFAULT_DEPTH = 2;
const PATH_DEPTH = 4;

const putEntities = route({
  method: 'POST',
  path: '/v1/graph/entities',
  permission: 'graph:write',
  summary: 'Make entities, or find those of these names, types and persons',
  body: putEntitiesSchema,
  answers: { 200: { description: 'the entities, in their order', schema: entitiesSchema } },
  problems: ['memory.invalid'],
  handler: async ({ body, workspaceId }, { graph }) => {
    const entities = body.entities.map(({ name, type, ...rest }) => ({
      name,
      type,
      ...defined(rest),
    }));
    return { status: 200, body: { items: await graph.putEntities(workspaceId, entities) } };
  },
});

const findEntities = route({
  method: 'GET',
  path: '/v1/graph/entities',
  permission: 'graph:read',
  summary: 'Find entities by words of their names, best first',
  query: findEntitiesQuerySchema,
  answers: { 200: { description: 'found entities', schema: entitiesSchema } },
  handler: async ({ query, workspaceId }, { graph }) => {
    const { query: text, type, limit = DEFAULT_LIMIT, userId: viewerId } = query;
    const items = await graph.findEntities(workspaceId, {
      text,
      limit,
      ...defined({ type, viewerId }),
    });
    return { status: 200, body: { items } };
  },
});

const getEntity = route({
  method: 'GET',
  path: '/v1/graph/entities/{entity}',
  permission: 'graph:read',
  summary: 'Read an entity',
  query: viewerQuerySchema,
  answers: { 200: { description: 'the entity', schema: entitySchema } },
  problems: ['graph.entity_not_found'],
  handler: async ({ params, query, workspaceId }, services) => {
    const asked = { workspaceId, id: params.entity, userId: query.userId };
    return { status: 200, body: await visibleEntity(services, asked) };
  },
});

const neighbourhood = route({
  method: 'GET',
  path: '/v1/graph/neighbourhood',
  permission: 'graph:read',
  summary: 'Read what is near to some entities, nearest first, and the facts among them',
  query: neighbourhoodQuerySchema,
  answers: { 200: { description: 'entities and facts', schema: neighbourhoodSchema } },
  handler: async ({ query, workspaceId }, { graph }) => {
    const { from, depth = DEFAULT_DEPTH, limit = DEFAULT_LIMIT } = query;
    const ids = from.split(',').filter((id) => id !== '');
    const request = { from: ids, depth, limit, ...graphMomentOf(query) };
    return { status: 200, body: await graph.neighbourhood(workspaceId, request) };
  },
});

const path = route({
  method: 'GET',
  path: '/v1/graph/path',
  permission: 'graph:read',
  summary: 'Read a shortest way between two entities',
  query: pathQuerySchema,
  answers: { 200: { description: 'the way, if there is one', schema: foundPathSchema } },
  handler: async ({ query, workspaceId }, { graph }) => {
    const { from, to, depth = PATH_DEPTH } = query;
    const request = { from, to, depth, ...graphMomentOf(query) };
    return { status: 200, body: { path: await graph.path(workspaceId, request) } };
  },
});

/** Routes of entities and of what is near to them. */
export const GRAPH_ROUTES = [putEntities, findEntities, getEntity, neighbourhood, path];
