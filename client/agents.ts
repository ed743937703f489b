import type {
  CreateAgentRequest,
  CreateVersionRequest,
  ListAgentsQuery,
  UpdateAgentRequest,
  Validation,
} from '../contracts/agent.schema.ts';
import type { Agent, AgentVersion } from '../contracts/records.ts';
import type { AgentSpec } from '../contracts/agent-spec.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import { createAgentLabels, type AgentLabels } from './agent-labels.ts';
import { createPaged, type Paged } from './paged.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** Authoring of agents. `agent` is an id or a name; `version` an id or a version text. */
export interface Agents extends AgentLabels {
  create(body: CreateAgentRequest, options?: RequestOptions): Promise<Agent>;
  get(agent: string, options?: RequestOptions): Promise<Agent>;
  list(query?: ListAgentsQuery): Paged<Agent>;
  update(agent: string, body: UpdateAgentRequest, options?: RequestOptions): Promise<Agent>;
  /** A new immutable version; `latest` points at it from then on. */
  createVersion(
    agent: string,
    body: CreateVersionRequest,
    options?: RequestOptions,
  ): Promise<AgentVersion>;
  listVersions(agent: string, query?: PageQuery): Paged<AgentVersion>;
  getVersion(agent: string, version: string, options?: RequestOptions): Promise<AgentVersion>;
  /** Every problem of a spec, without storing anything. */
  validate(spec: AgentSpec, options?: RequestOptions): Promise<Validation>;
}

const AGENTS = '/v1/agents';

/** The resource `agents`. */
export function createAgents(transport: Transport): Agents {
  const pathOf = (agent: string): string => `${AGENTS}/${segment(agent)}`;

  return {
    ...createAgentLabels(transport),
    create: (body, options = {}) =>
      transport.json({
        method: 'POST',
        path: AGENTS,
        body,
        signal: options.signal,
        repeat: 'refused',
      }),
    get: (agent, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(agent), signal }),
    list: (query = {}) => createPaged(transport, { path: AGENTS, query }),
    update: (agent, body, { signal } = {}) =>
      transport.json({ method: 'PATCH', path: pathOf(agent), body, signal }),
    createVersion: (agent, body, options = {}) =>
      transport.json({
        method: 'POST',
        path: `${pathOf(agent)}/versions`,
        body,
        signal: options.signal,
        repeat: 'refused',
      }),
    listVersions: (agent, query = {}) =>
      createPaged(transport, { path: `${pathOf(agent)}/versions`, query }),
    getVersion: (agent, version, { signal } = {}) =>
      transport.json({
        method: 'GET',
        path: `${pathOf(agent)}/versions/${segment(version)}`,
        signal,
      }),
    validate: (spec, { signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `${AGENTS}:validate`,
        body: { spec },
        signal,
      }),
  };
}
