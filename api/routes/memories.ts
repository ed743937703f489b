import {
  createMemoriesSchema,
  createMemorySchema,
  learnedSchema,
  limitMemoriesSchema,
  listMemoriesQuerySchema,
  listScopesQuerySchema,
  memorySchema,
  memoryUsageSchema,
  scopeCountSchema,
  viewerQuerySchema,
} from '../../contracts/memory.schema.ts';
import { memoryAnswerSchema, searchMemoriesSchema } from '../../contracts/recall.schema.ts';
import { defined } from '../defined.ts';
import { idempotencyKeyOf } from '../idempotency.ts';
import { learnedOrThrow, learnMemories } from '../learn-memories.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { visibleMemory } from '../memory-access.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';
import { z } from 'zod';

const REPEATS = 'the same key answers with what it wrote the first time';

const createMemory = route({
  method: 'POST',
  path: '/v1/memories',
  permission: 'memories:write',
  summary: 'Remember something, unless the same is remembered already',
  body: createMemorySchema,
  headers: { 'idempotency-key': REPEATS },
  answers: {
    200: { description: 'what is remembered already', schema: learnedSchema },
    201: { description: 'the memory', schema: learnedSchema },
  },
  problems: ['memory.invalid', 'memory.not_found', 'memory.budget_exceeded'],
  handler: async ({ body, workspaceId, principal, request }, services) => {
    const { why = '', ...memory } = body;
    const author = { actor: principal.apiKeyId, why };
    const key = idempotencyKeyOf(request);
    const asked = { workspaceId, memories: [memory], author, key };
    const learned = learnedOrThrow((await learnMemories(services, asked))[0]);
    const made = learned.kind === 'created' || learned.kind === 'superseded';
    const headers = { location: `/v1/memories/${learned.memory.id}` };
    return { status: made ? 201 : 200, body: learned, headers };
  },
});

const createMemories = route({
  method: 'POST',
  path: '/v1/memories:batch',
  permission: 'memories:write',
  summary: 'Remember several things; each has its own answer',
  body: createMemoriesSchema,
  bodyBytes: LIMITS.bodyBytes,
  headers: { 'idempotency-key': REPEATS },
  answers: {
    200: {
      description: 'what became of each, in their order',
      schema: z.object({ items: z.array(learnedSchema) }),
    },
  },
  problems: ['memory.invalid', 'memory.not_found', 'memory.budget_exceeded'],
  handler: async ({ body, workspaceId, principal, request }, services) => {
    const { why = '', memories } = body;
    const author = { actor: principal.apiKeyId, why };
    const asked = { workspaceId, memories, author, key: idempotencyKeyOf(request) };
    return { status: 200, body: { items: await learnMemories(services, asked) } };
  },
});

const listMemories = route({
  method: 'GET',
  path: '/v1/memories',
  permission: 'memories:read',
  summary: 'List memories, newest first',
  query: listMemoriesQuerySchema,
  answers: { 200: { description: 'a page of memories', schema: pageSchema(memorySchema) } },
  problems: ['list.bad_cursor'],
  handler: async ({ query, workspaceId }, { memories }) => {
    const { limit: _limit, cursor: _cursor, ...filter } = query;
    const page = toPageRequest(query);
    return { status: 200, body: await memories.list(workspaceId, defined(filter), page) };
  },
});

const searchMemories = route({
  method: 'POST',
  path: '/v1/memories/search',
  permission: 'memories:read',
  summary: 'Find memories by words, meaning and what is near in the graph',
  body: searchMemoriesSchema,
  answers: { 200: { description: 'found memories, best first', schema: memoryAnswerSchema } },
  problems: ['memory.invalid'],
  handler: async ({ body, workspaceId }, services) => {
    const { query, userId = null, agentId = null, threadId = null, filters, ...options } = body;
    const found = await services.memory.recall(workspaceId, {
      ...defined(options),
      ...(filters === undefined ? {} : { filters: defined(filters) }),
      text: query,
      owner: { userId, agentId, threadId },
    });
    return { status: 200, body: found };
  },
});

const readUsage = route({
  method: 'GET',
  path: '/v1/memories/usage',
  permission: 'memories:read',
  summary: 'Read how much the workspace remembers, and how much it may',
  answers: { 200: { description: 'the usage', schema: memoryUsageSchema } },
  handler: async ({ workspaceId }, { memories }) => ({
    status: 200,
    body: await memories.usage(workspaceId),
  }),
});

const limitMemories = route({
  method: 'PATCH',
  path: '/v1/memories/usage',
  permission: 'workspace:admin',
  summary: 'Set how much the workspace may remember; what is remembered stays',
  body: limitMemoriesSchema,
  answers: { 200: { description: 'the usage', schema: memoryUsageSchema } },
  handler: async ({ body, workspaceId }, { memories }) => {
    await memories.setLimit(workspaceId, body.limit);
    return { status: 200, body: await memories.usage(workspaceId) };
  },
});

const listScopes = route({
  method: 'GET',
  path: '/v1/memories/scopes',
  permission: 'memories:read',
  summary: 'List whose memories there are, and how many',
  query: listScopesQuerySchema,
  answers: { 200: { description: 'a page of scopes', schema: pageSchema(scopeCountSchema) } },
  problems: ['list.bad_cursor'],
  handler: async ({ query, workspaceId }, { memories }) => {
    const filter = defined({ scope: query.scope });
    return {
      status: 200,
      body: await memories.scopes(workspaceId, filter, toPageRequest(query)),
    };
  },
});

const getMemory = route({
  method: 'GET',
  path: '/v1/memories/{memory}',
  permission: 'memories:read',
  summary: 'Read a memory',
  query: viewerQuerySchema,
  answers: { 200: { description: 'the memory', schema: memorySchema } },
  problems: ['memory.not_found'],
  handler: async ({ params, query, workspaceId }, services) => ({
    status: 200,
    body: await visibleMemory(services, { workspaceId, id: params.memory, ...query }),
  }),
});

/** Routes of memories; fixed paths come before those with an id. */
export const MEMORY_ROUTES = [
  createMemory,
  createMemories,
  listMemories,
  searchMemories,
  readUsage,
  limitMemories,
  listScopes,
  getMemory,
];
