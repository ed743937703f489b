import {
  agentSchema,
  createAgentSchema,
  listAgentsQuerySchema,
  updateAgentSchema,
  validateSpecSchema,
  validationSchema,
} from '../../contracts/agent.schema.ts';
import { compileSpec, requireCompiled } from '../compile-spec.ts';
import { defined } from '../defined.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';
import type { Agent } from '../../contracts/records.ts';
import type { AgentStatus } from '../../contracts/status.ts';

const createAgent = route({
  method: 'POST',
  path: '/v1/agents',
  permission: 'agents:write',
  summary: 'Create an agent, with its first version if a spec is given',
  body: createAgentSchema,
  answers: { 201: { description: 'the agent', schema: agentSchema } },
  problems: ['agent.name_taken', 'agent.invalid_spec'],
  handler: async ({ body, workspaceId, principal }, { agents, registry }) => {
    // Compiled first: an agent whose spec is refused must not be left behind without a version.
    const compiled = body.spec === undefined ? null : requireCompiled(body.spec, registry);
    let agent = await agents.create(workspaceId, {
      name: body.name,
      description: body.description ?? '',
    });
    if (compiled !== null) {
      await agents.createVersion(workspaceId, {
        agentId: agent.id,
        ...compiled,
        changelog: body.changelog ?? '',
        createdBy: principal.apiKeyId,
        ...(body.version === undefined ? {} : { version: body.version }),
      });
      agent = await agents.get(workspaceId, agent.id);
    }
    return { status: 201, body: agent, headers: { location: `/v1/agents/${agent.id}` } };
  },
});

const listAgents = route({
  method: 'GET',
  path: '/v1/agents',
  permission: 'agents:read',
  summary: 'List agents, newest first',
  query: listAgentsQuerySchema,
  answers: { 200: { description: 'a page of agents', schema: pageSchema(agentSchema) } },
  problems: ['list.bad_cursor'],
  handler: async ({ query, workspaceId }, { agents }) => ({
    status: 200,
    body: await agents.list(workspaceId, defined({ status: query.status }), toPageRequest(query)),
  }),
});

const getAgent = route({
  method: 'GET',
  path: '/v1/agents/{agent}',
  permission: 'agents:read',
  summary: 'Read an agent by id or name',
  answers: { 200: { description: 'the agent', schema: agentSchema } },
  problems: ['agent.not_found'],
  handler: async ({ params, workspaceId }, { versions }) => ({
    status: 200,
    body: await versions.agent(workspaceId, params.agent),
  }),
});

const updateAgent = route({
  method: 'PATCH',
  path: '/v1/agents/{agent}',
  permission: 'agents:write',
  summary: 'Change the description; archive or restore the agent',
  body: updateAgentSchema,
  answers: { 200: { description: 'the agent', schema: agentSchema } },
  problems: ['agent.not_found'],
  handler: async ({ params, body, workspaceId }, { agents, versions }) => {
    const agent = await versions.agent(workspaceId, params.agent);
    const status = body.archived === undefined ? undefined : statusOf(agent, body.archived);
    const change = defined({ description: body.description, status });
    return { status: 200, body: await agents.update(workspaceId, agent.id, change) };
  },
});

const validateSpec = route({
  method: 'POST',
  path: '/v1/agents:validate',
  permission: 'agents:read',
  summary: 'Compile a spec without keeping it; tells all problems at once',
  body: validateSpecSchema,
  bodyBytes: LIMITS.smallBodyBytes,
  answers: { 200: { description: 'whether it compiles', schema: validationSchema } },
  handler: async ({ body }, { registry }) => {
    const compiled = compileSpec(body.spec, registry);
    const problems = 'problems' in compiled ? compiled.problems : [];
    return { status: 200, body: { valid: problems.length === 0, problems } };
  },
});

/** Routes of agents. */
export const AGENT_ROUTES = [createAgent, listAgents, getAgent, updateAgent, validateSpec];

/** A restored agent is published again if it has a version. */
function statusOf(agent: Agent, archived: boolean): AgentStatus {
  if (archived) return 'archived';
  return Object.keys(agent.labels).length > 0 ? 'published' : 'draft';
}
