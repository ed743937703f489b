import {
  agentSchema,
  labelChangeSchema,
  labelNameSchema,
  labelSchema,
  moveLabelSchema,
} from '../../contracts/agent.schema.ts';
import { AppError } from '../../contracts/app-error.ts';
import { pageQuerySchema, pageSchema } from '../../contracts/query.schema.ts';
import { parseWith } from '../parse.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';
import type { Agent } from '../../contracts/records.ts';
import type { Services } from '../services.ts';

const getLabel = route({
  method: 'GET',
  path: '/v1/agents/{agent}/labels/{label}',
  permission: 'agents:read',
  summary: 'Read where a label points',
  answers: { 200: { description: 'the label', schema: labelSchema } },
  problems: ['agent.not_found', 'agent.label_not_found'],
  handler: async ({ params, workspaceId }, { versions }) => {
    const agent = await versions.agent(workspaceId, params.agent);
    return { status: 200, body: { label: params.label, versionId: target(agent, params.label) } };
  },
});

const putLabel = route({
  method: 'PUT',
  path: '/v1/agents/{agent}/labels/{label}',
  permission: 'agents:write',
  summary: 'Point a label at a version; runs that name the label begin on it from now on',
  body: moveLabelSchema,
  answers: { 200: { description: 'the agent', schema: agentSchema } },
  problems: ['agent.not_found', 'agent.version_not_found', 'agent.label_reserved'],
  handler: async ({ params, body, workspaceId, principal }, { agents, versions }) => {
    const label = parseWith(labelNameSchema, params.label, '/path/label');
    const agent = await versions.agent(workspaceId, params.agent);
    const { id: versionId } = await agents.getVersion(workspaceId, agent.id, body.version);
    const changedBy = principal.apiKeyId;
    const moved = { agentId: agent.id, label, versionId, changedBy };
    return { status: 200, body: await agents.setLabel(workspaceId, moved) };
  },
});

const deleteLabel = route({
  method: 'DELETE',
  path: '/v1/agents/{agent}/labels/{label}',
  permission: 'agents:write',
  summary: 'Remove a label',
  answers: { 204: { description: 'removed' } },
  problems: ['agent.not_found', 'agent.label_not_found', 'agent.label_reserved'],
  handler: async ({ params, workspaceId, principal }, { agents, versions }) => {
    const agent = await versions.agent(workspaceId, params.agent);
    await agents.deleteLabel(workspaceId, {
      agentId: agent.id,
      label: params.label,
      changedBy: principal.apiKeyId,
    });
    return { status: 204 };
  },
});

const labelHistory = route({
  method: 'GET',
  path: '/v1/agents/{agent}/labels/{label}/history',
  permission: 'agents:read',
  summary: 'List the moves of a label, newest first',
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of moves', schema: pageSchema(labelChangeSchema) } },
  problems: ['agent.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { agents, versions }) => {
    const agent = await versions.agent(workspaceId, params.agent);
    const page = { ...toPageRequest(query), label: params.label };
    return { status: 200, body: await agents.listLabelChanges(workspaceId, agent.id, page) };
  },
});

const moveBack = route({
  method: 'POST',
  path: '/v1/agents/{agent}/labels/{label}/rollback',
  permission: 'agents:write',
  summary: 'Point a label at the version it pointed at before its last move',
  answers: { 200: { description: 'the agent', schema: agentSchema } },
  problems: ['agent.not_found', 'agent.label_not_found', 'agent.label_reserved'],
  handler: async ({ params, workspaceId, principal }, services) => {
    const agent = await services.versions.agent(workspaceId, params.agent);
    const moved = await services.agents.setLabel(workspaceId, {
      agentId: agent.id,
      label: params.label,
      versionId: await previous(services, agent, params.label),
      changedBy: principal.apiKeyId,
    });
    return { status: 200, body: moved };
  },
});

/** Routes of labels. */
export const LABEL_ROUTES = [getLabel, putLabel, deleteLabel, labelHistory, moveBack];

function target(agent: Agent, label: string): string {
  const versionId = Object.hasOwn(agent.labels, label) ? agent.labels[label] : undefined;
  if (versionId !== undefined) return versionId;
  throw new AppError('agent.label_not_found', `agent ${agent.name} has no label ${label}`);
}

async function previous(services: Services, agent: Agent, label: string): Promise<string> {
  const page = { label, limit: 1 };
  const { items } = await services.agents.listLabelChanges(agent.workspaceId, agent.id, page);
  const versionId = items[0]?.fromVersionId ?? null;
  if (versionId !== null) return versionId;
  throw new AppError(
    'agent.label_not_found',
    `label ${label} of agent ${agent.name} pointed nowhere before; there is no way back`,
  );
}
