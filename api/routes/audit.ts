import {
  auditCheckSchema,
  commandEntrySchema,
  denialEntrySchema,
  requestEntrySchema,
} from '../../contracts/sandbox-audit.schema.ts';
import { pageQuerySchema, pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';

const listCommands = route({
  method: 'GET',
  path: '/v1/runs/{run}/commands',
  permission: 'audit:read',
  summary: "List the commands that ran in a run's sandboxes, in the order in which they ended",
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of commands', schema: pageSchema(commandEntrySchema) } },
  problems: ['run.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { sandboxes }) => {
    const ref = { workspaceId, runId: params.run };
    return { status: 200, body: await sandboxes.commands(ref, toPageRequest(query)) };
  },
});

const listRequests = route({
  method: 'GET',
  path: '/v1/runs/{run}/network-requests',
  permission: 'audit:read',
  summary: "List what a run's sandboxes asked of the network, allowed or not",
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of requests', schema: pageSchema(requestEntrySchema) } },
  problems: ['run.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { sandboxes }) => {
    const ref = { workspaceId, runId: params.run };
    return { status: 200, body: await sandboxes.requests(ref, toPageRequest(query)) };
  },
});

const listDenials = route({
  method: 'GET',
  path: '/v1/runs/{run}/denied-calls',
  permission: 'audit:read',
  summary: "List system calls of a run's sandboxes that the kernel refused, where the host tells",
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of calls', schema: pageSchema(denialEntrySchema) } },
  problems: ['run.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { sandboxes }) => {
    const ref = { workspaceId, runId: params.run };
    return { status: 200, body: await sandboxes.denials(ref, toPageRequest(query)) };
  },
});

const verifyAudit = route({
  method: 'GET',
  path: '/v1/runs/{run}/audit:verify',
  permission: 'audit:read',
  summary: 'Check that the audit of a run stands as it was written',
  answers: { 200: { description: 'whether they do', schema: auditCheckSchema } },
  problems: ['run.not_found'],
  handler: async ({ params, workspaceId }, { sandboxes }) => ({
    status: 200,
    body: await sandboxes.verifyChain({ workspaceId, runId: params.run }),
  }),
});

/** Routes of the audit of sandboxes. */
export const AUDIT_ROUTES = [listCommands, listRequests, listDenials, verifyAudit];
