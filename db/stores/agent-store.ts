import {
  createAgent,
  getAgent,
  getAgentByName,
  listAgents,
  updateAgent,
} from '../agents/agents.ts';
import { createVersion, findVersion, listVersions } from '../agents/versions.ts';
import { deleteLabel, listLabelChanges, setLabel } from '../agents/labels.ts';
import type { Page, PageRequest } from './page.ts';
import type { Database } from '../database.ts';
import { loadVersion } from '../load-version.ts';
import type { Agent, CompiledVersion, AgentVersion } from '../../contracts/records.ts';
import type { AgentSpec, ExecutableGraph } from '../../contracts/agent-spec.ts';
import type { AgentStatus } from '../../contracts/status.ts';
import type { Plan } from '../../contracts/plan.ts';

/** What a list of agents is narrowed to. */
export interface AgentFilter {
  readonly status?: AgentStatus;
  /** The exact name. */
  readonly name?: string;
}

/** A version to be made. */
export interface CreateVersion {
  readonly agentId: string;
  readonly spec: AgentSpec;
  readonly plan: Plan;
  readonly graph: ExecutableGraph;
  /** Semantic version; the number as text without it. */
  readonly version?: string;
  readonly changelog: string;
  /** API key that made it; recorded with the move of `latest`. */
  readonly createdBy?: string;
}

/** A label that is moved to a version. */
export interface SetLabel {
  readonly agentId: string;
  readonly label: string;
  readonly versionId: string;
  /** API key that moved it. */
  readonly changedBy?: string;
}

/** One move of a label, newest first in lists; ids are null where there was or is no version. */
export interface LabelChange {
  readonly label: string;
  readonly fromVersionId: string | null;
  readonly toVersionId: string | null;
  readonly changedBy: string | null;
  readonly changedAt: string;
}

/** Agents, their versions and labels. */
export interface AgentStore {
  /** Throws `agent.name_taken`. */
  create(
    workspaceId: string,
    input: { readonly name: string; readonly description: string },
  ): Promise<Agent>;
  /** Throws `agent.not_found`. */
  get(workspaceId: string, agentId: string): Promise<Agent>;
  /** Throws `agent.not_found`. */
  getByName(workspaceId: string, name: string): Promise<Agent>;
  /** Newest first. */
  list(workspaceId: string, filter: AgentFilter, page: PageRequest): Promise<Page<Agent>>;
  /** Throws `agent.not_found`. */
  update(
    workspaceId: string,
    agentId: string,
    change: { readonly description?: string; readonly status?: AgentStatus },
  ): Promise<Agent>;
  /**
   * Takes the next number, moves `latest` and publishes the agent. Throws `agent.not_found`,
   * `agent.archived` and `agent.version_exists`.
   */
  createVersion(workspaceId: string, input: CreateVersion): Promise<CompiledVersion>;
  /** By id, version text, number or label. Throws `agent.not_found`, `agent.version_not_found`. */
  getVersion(workspaceId: string, agentId: string, reference: string): Promise<CompiledVersion>;
  /** By id alone. Throws `agent.version_not_found`. */
  getVersionById(workspaceId: string, versionId: string): Promise<CompiledVersion>;
  /** Newest first. */
  listVersions(
    workspaceId: string,
    agentId: string,
    page: PageRequest,
  ): Promise<Page<AgentVersion>>;
  /** Throws `agent.label_reserved` for `latest`, `agent.version_not_found`, `agent.not_found`. */
  setLabel(workspaceId: string, input: SetLabel): Promise<Agent>;
  /** Throws `agent.label_reserved` for `latest`, `agent.label_not_found`, `agent.not_found`. */
  deleteLabel(
    workspaceId: string,
    input: { readonly agentId: string; readonly label: string; readonly changedBy?: string },
  ): Promise<Agent>;
  /** Newest first; of one label if it is named. */
  listLabelChanges(
    workspaceId: string,
    agentId: string,
    page: PageRequest & { readonly label?: string },
  ): Promise<Page<LabelChange>>;
}

/** Agents on PostgreSQL. */
export function createAgentStore({ kysely }: Database): AgentStore {
  return {
    create: (workspaceId, input) => createAgent(kysely, workspaceId, input),
    get: (workspaceId, agentId) => getAgent(kysely, workspaceId, agentId),
    getByName: (workspaceId, name) => getAgentByName(kysely, workspaceId, name),
    list: (workspaceId, filter, page) => listAgents(kysely, workspaceId, { filter, page }),
    update: (workspaceId, agentId, change) =>
      updateAgent(kysely, workspaceId, { agentId, ...change }),
    createVersion: (workspaceId, input) =>
      kysely.transaction().execute((trx) => createVersion(trx, workspaceId, input)),
    getVersion: (workspaceId, agentId, reference) =>
      findVersion(kysely, workspaceId, { agentId, reference }),
    getVersionById: (workspaceId, versionId) => loadVersion(kysely, workspaceId, versionId),
    listVersions: (workspaceId, agentId, page) =>
      listVersions(kysely, workspaceId, { agentId, page }),
    setLabel: (workspaceId, input) =>
      kysely.transaction().execute(async (trx) => {
        await setLabel(trx, workspaceId, input);
        return getAgent(trx, workspaceId, input.agentId);
      }),
    deleteLabel: (workspaceId, input) =>
      kysely.transaction().execute(async (trx) => {
        await deleteLabel(trx, workspaceId, input);
        return getAgent(trx, workspaceId, input.agentId);
      }),
    listLabelChanges: (workspaceId, agentId, page) =>
      listLabelChanges(kysely, workspaceId, { agentId, page }),
  };
}
