import {
  apiKeySchema,
  createApiKeySchema,
  createdApiKeySchema,
  meSchema,
} from '../../contracts/api-key.schema.ts';
import { AppError } from '../../contracts/app-error.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { permissionsOf } from '../permissions.ts';
import { route } from '../route.ts';

const createKey = route({
  method: 'POST',
  path: '/v1/api-keys',
  permission: 'keys:admin',
  summary: 'Make an API key; its text is shown only now',
  body: createApiKeySchema,
  answers: { 201: { description: 'the key', schema: createdApiKeySchema } },
  handler: async ({ body, workspaceId }, { apiKeys }) => {
    const { key, record } = await apiKeys.create(workspaceId, body);
    return { status: 201, body: { ...record, key } };
  },
});

const listKeys = route({
  method: 'GET',
  path: '/v1/api-keys',
  permission: 'keys:admin',
  summary: 'List the API keys of the workspace, oldest first',
  answers: { 200: { description: 'all keys, on one page', schema: pageSchema(apiKeySchema) } },
  handler: async ({ workspaceId }, { apiKeys }) => ({
    status: 200,
    body: { items: await apiKeys.list(workspaceId), nextCursor: null },
  }),
});

const revokeKey = route({
  method: 'DELETE',
  path: '/v1/api-keys/{key}',
  permission: 'keys:admin',
  summary: 'Revoke an API key; it may work on for some seconds',
  answers: { 204: { description: 'revoked, now or before' } },
  problems: ['api_key.not_found'],
  handler: async ({ params, workspaceId }, { apiKeys }) => {
    if (await apiKeys.revoke(workspaceId, params.key)) return { status: 204 };
    const known = await apiKeys.list(workspaceId);
    if (known.some((key) => key.id === params.key)) return { status: 204 };
    throw new AppError('api_key.not_found', `no API key ${params.key}`);
  },
});

const me = route({
  method: 'GET',
  path: '/v1/me',
  permission: 'self:read',
  summary: 'Who the key stands for, and what it may do',
  answers: { 200: { description: 'the caller', schema: meSchema } },
  handler: async ({ principal }) => ({
    status: 200,
    body: { ...principal, permissions: permissionsOf(principal.role) },
  }),
});

/** Routes of API keys. */
export const API_KEY_ROUTES = [createKey, listKeys, revokeKey, me];
