import { erasureSchema, userIdSchema } from '../../contracts/memory.schema.ts';
import { parseWith } from '../parse.ts';
import { route } from '../route.ts';

const eraseUser = route({
  method: 'DELETE',
  path: '/v1/users/{user}/memories',
  permission: 'memories:erase',
  summary:
    'Erase a person: memories with what was derived from them, documents, graph, working memory, feedback',
  answers: { 200: { description: 'proof of the erasure', schema: erasureSchema } },
  handler: async ({ params, workspaceId, principal }, { memories }) => {
    const userId = parseWith(userIdSchema, params.user, '/path/user');
    const erasure = await memories.eraseUser(workspaceId, { userId, actor: principal.apiKeyId });
    const headers = { location: `/v1/erasures/${erasure.id}` };
    return { status: 200, body: erasure, headers };
  },
});

const getErasure = route({
  method: 'GET',
  path: '/v1/erasures/{erasure}',
  permission: 'memories:erase',
  summary: 'Read the proof of an erasure, and what indexes have still to remove',
  answers: { 200: { description: 'the erasure', schema: erasureSchema } },
  problems: ['erasure.not_found'],
  handler: async ({ params, workspaceId }, { memories }) => ({
    status: 200,
    body: await memories.erasure(workspaceId, params.erasure),
  }),
});

/** Routes of erasures. */
export const ERASURE_ROUTES = [eraseUser, getErasure];
