import type { Agent, CompiledVersion, AgentVersion } from '../../contracts/records.ts';
import type { AgentSpec, ExecutableGraph } from '../../contracts/agent-spec.ts';
import type { AgentStatus } from '../../contracts/status.ts';
import type { Page, PageRequest } from './page.ts';
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
