import {
  createKnowledgeBaseSchema,
  knowledgeBaseSchema,
  updateKnowledgeBaseSchema,
} from '../../contracts/knowledge.schema.ts';
import {
  knowledgeAnswerSchema,
  searchKnowledgeBaseSchema,
  searchKnowledgeSchema,
  type SearchKnowledgeRequest,
} from '../../contracts/recall.schema.ts';
import { defined } from '../defined.ts';
import type { KnowledgeAnswer } from '../../contracts/recall.ts';
import { pageQuerySchema, pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import type { Services } from '../services.ts';
import { toPageRequest } from '../paging.ts';

const BASE = { 200: { description: 'the knowledge base', schema: knowledgeBaseSchema } };
const FOUND = { 200: { description: 'found pieces, best first', schema: knowledgeAnswerSchema } };

const createBase = route({
  method: 'POST',
  path: '/v1/knowledge-bases',
  permission: 'knowledge:admin',
  summary: 'Make a knowledge base',
  body: createKnowledgeBaseSchema,
  answers: { 201: { description: 'the knowledge base', schema: knowledgeBaseSchema } },
  problems: ['knowledge.name_taken'],
  handler: async ({ body, workspaceId }, { knowledge }) => {
    const { name, description = '' } = body;
    const base = await knowledge.createBase(workspaceId, { name, description });
    const headers = { location: `/v1/knowledge-bases/${base.id}` };
    return { status: 201, body: base, headers };
  },
});

const listBases = route({
  method: 'GET',
  path: '/v1/knowledge-bases',
  permission: 'knowledge:read',
  summary: 'List knowledge bases, oldest first',
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of them', schema: pageSchema(knowledgeBaseSchema) } },
  problems: ['list.bad_cursor'],
  handler: async ({ query, workspaceId }, { knowledge }) => ({
    status: 200,
    body: await knowledge.listBases(workspaceId, toPageRequest(query)),
  }),
});

const searchAll = route({
  method: 'POST',
  path: '/v1/knowledge-bases/search',
  permission: 'knowledge:read',
  summary: 'Find pieces of documents, with where they stand',
  body: searchKnowledgeSchema,
  answers: FOUND,
  problems: ['memory.invalid', 'knowledge.base_not_found'],
  handler: async ({ body, workspaceId }, services) => ({
    status: 200,
    body: await search(services, workspaceId, body),
  }),
});

const getBase = route({
  method: 'GET',
  path: '/v1/knowledge-bases/{base}',
  permission: 'knowledge:read',
  summary: 'Read a knowledge base',
  answers: BASE,
  problems: ['knowledge.base_not_found'],
  handler: async ({ params, workspaceId }, { knowledge }) => ({
    status: 200,
    body: await knowledge.getBase(workspaceId, params.base),
  }),
});

const updateBase = route({
  method: 'PATCH',
  path: '/v1/knowledge-bases/{base}',
  permission: 'knowledge:admin',
  summary: 'Change what a knowledge base is called and what it says of itself',
  body: updateKnowledgeBaseSchema,
  answers: BASE,
  problems: ['knowledge.base_not_found', 'knowledge.name_taken'],
  handler: async ({ params, body, workspaceId }, { knowledge }) => ({
    status: 200,
    body: await knowledge.updateBase(workspaceId, params.base, defined(body)),
  }),
});

const deleteBase = route({
  method: 'DELETE',
  path: '/v1/knowledge-bases/{base}',
  permission: 'knowledge:admin',
  summary: 'Delete a knowledge base with all its documents',
  answers: { 204: { description: 'deleted' } },
  problems: ['knowledge.base_not_found'],
  handler: async ({ params, workspaceId }, { knowledge }) => {
    await knowledge.deleteBase(workspaceId, params.base);
    return { status: 204 };
  },
});

const searchBase = route({
  method: 'POST',
  path: '/v1/knowledge-bases/{base}/search',
  permission: 'knowledge:read',
  summary: 'Find pieces of the documents of one knowledge base',
  body: searchKnowledgeBaseSchema,
  answers: FOUND,
  problems: ['memory.invalid', 'knowledge.base_not_found'],
  handler: async ({ params, body, workspaceId }, services) => {
    const request = { ...body, knowledgeBaseIds: [params.base] };
    return { status: 200, body: await search(services, workspaceId, request) };
  },
});

/** Routes of knowledge bases; fixed paths come before those with an id. */
export const KNOWLEDGE_BASE_ROUTES = [
  createBase,
  listBases,
  searchAll,
  getBase,
  updateBase,
  deleteBase,
  searchBase,
];

async function search(
  services: Services,
  workspaceId: string,
  { query, userId, ...options }: SearchKnowledgeRequest,
): Promise<KnowledgeAnswer> {
  // A base that is not there is told: finding nothing would look as if it had nothing to say.
  for (const id of options.knowledgeBaseIds ?? [])
    await services.knowledge.getBase(workspaceId, id);
  return services.memory.searchKnowledge(workspaceId, {
    ...defined(options),
    text: query,
    owner: { userId: userId ?? null },
  });
}
