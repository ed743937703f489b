import { agentVersionSchema, createVersionSchema } from '../../contracts/agent.schema.ts';
import { pageQuerySchema, pageSchema } from '../../contracts/query.schema.ts';
import { refuseArchived } from '../version-resolver.ts';
import { requireCompiled } from '../compile-spec.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';
import type { AgentVersion } from '../../contracts/records.ts';

const createVersion = route({
  method: 'POST',
  path: '/v1/agents/{agent}/versions',
  permission: 'agents:write',
  summary: 'Make a version; `latest` moves to it',
  body: createVersionSchema,
  answers: { 201: { description: 'the version', schema: agentVersionSchema } },
  problems: ['agent.not_found', 'agent.invalid_spec', 'agent.version_exists', 'agent.archived'],
  handler: async ({ params, body, workspaceId, principal }, { agents, versions, registry }) => {
    const agent = await versions.agent(workspaceId, params.agent);
    refuseArchived(agent);
    const version = await agents.createVersion(workspaceId, {
      agentId: agent.id,
      ...requireCompiled(body.spec, registry),
      changelog: body.changelog ?? '',
      createdBy: principal.apiKeyId,
      ...(body.version === undefined ? {} : { version: body.version }),
    });
    const location = `/v1/agents/${agent.id}/versions/${version.id}`;
    return { status: 201, body: toAnswer(version), headers: { location } };
  },
});

const listVersions = route({
  method: 'GET',
  path: '/v1/agents/{agent}/versions',
  permission: 'agents:read',
  summary: 'List the versions of an agent, newest first',
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of versions', schema: pageSchema(agentVersionSchema) } },
  problems: ['agent.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { agents, versions }) => {
    const agent = await versions.agent(workspaceId, params.agent);
    const page = await agents.listVersions(workspaceId, agent.id, toPageRequest(query));
    return { status: 200, body: { ...page, items: page.items.map(toAnswer) } };
  },
});

const getVersion = route({
  method: 'GET',
  path: '/v1/agents/{agent}/versions/{version}',
  permission: 'agents:read',
  summary: 'Read a version by id, version text, number or label',
  answers: { 200: { description: 'the version', schema: agentVersionSchema } },
  problems: ['agent.not_found', 'agent.version_not_found'],
  handler: async ({ params, workspaceId }, { agents, versions }) => {
    const agent = await versions.agent(workspaceId, params.agent);
    const version = await agents.getVersion(workspaceId, agent.id, params.version);
    return { status: 200, body: toAnswer(version) };
  },
});

/** Routes of agent versions. */
export const VERSION_ROUTES = [createVersion, listVersions, getVersion];

/** Without what the service derived for itself. */
function toAnswer(version: AgentVersion): AgentVersion {
  const { id, workspaceId, agentId, number, version: text, changelog, spec, createdAt } = version;
  return { id, workspaceId, agentId, number, version: text, changelog, spec, createdAt };
}
