import { defined } from '../defined.ts';
import { route } from '../route.ts';
import { updateWorkspaceSchema, workspaceSchema } from '../../contracts/workspace.schema.ts';

const getWorkspace = route({
  method: 'GET',
  path: '/v1/workspace',
  permission: 'workspace:admin',
  summary: "Read the key's workspace with its policy",
  answers: { 200: { description: 'the workspace', schema: workspaceSchema } },
  handler: async ({ workspaceId }, { workspaces }) => ({
    status: 200,
    body: await workspaces.get(workspaceId),
  }),
});

const updateWorkspace = route({
  method: 'PATCH',
  path: '/v1/workspace',
  permission: 'workspace:admin',
  summary: 'Change the policy of the workspace',
  body: updateWorkspaceSchema,
  answers: { 200: { description: 'the workspace', schema: workspaceSchema } },
  handler: async ({ body, workspaceId }, { workspaces }) => ({
    status: 200,
    body: await workspaces.update(workspaceId, defined(body)),
  }),
});

/** Routes of the workspace itself. */
export const WORKSPACE_ROUTES = [getWorkspace, updateWorkspace];
