import { AppError } from '../contracts/app-error.ts';
import { isId } from '../contracts/ids.ts';
import type { Agent, CompiledVersion } from '../contracts/records.ts';
import type { AgentStore } from '../db/stores/agent-store.ts';

const MAX_CACHED = 200;
const DEFAULT_LABEL = 'latest';

/** How a caller names a version of an agent: exactly, by label, or not at all. */
export interface VersionChoice {
  readonly version?: string | undefined;
  readonly label?: string | undefined;
}

/** Finds agents and versions by what callers call them. */
export interface VersionResolver {
  /** By id or name. Throws `agent.not_found`. */
  agent(workspaceId: string, reference: string): Promise<Agent>;
  /** Throws `agent.archived`, `agent.label_not_found`, `agent.version_not_found`. */
  choose(agent: Agent, choice: VersionChoice): Promise<CompiledVersion>;
  /** By id. Throws `agent.version_not_found`. */
  version(workspaceId: string, versionId: string): Promise<CompiledVersion>;
}

/** Versions never change, so those used last are kept in memory. */
export function createVersionResolver(agents: AgentStore): VersionResolver {
  const cache = new Map<string, CompiledVersion>();
  const version = async (workspaceId: string, versionId: string): Promise<CompiledVersion> => {
    const key = `${workspaceId} ${versionId}`;
    const found = cache.get(key) ?? (await agents.getVersionById(workspaceId, versionId));
    cache.delete(key);
    cache.set(key, found);
    const [oldest] = cache.keys();
    if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
    return found;
  };
  return {
    version,
    agent: (workspaceId, reference) =>
      isId('agent', reference)
        ? agents.get(workspaceId, reference)
        : agents.getByName(workspaceId, reference),
    async choose(agent, choice) {
      refuseArchived(agent);
      if (choice.version !== undefined) {
        return agents.getVersion(agent.workspaceId, agent.id, choice.version);
      }
      const label = choice.label ?? DEFAULT_LABEL;
      const versionId = Object.hasOwn(agent.labels, label) ? agent.labels[label] : undefined;
      if (versionId !== undefined) return version(agent.workspaceId, versionId);
      if (choice.label === undefined) {
        throw new AppError('agent.version_not_found', `agent ${agent.name} has no version yet`);
      }
      throw new AppError('agent.label_not_found', `agent ${agent.name} has no label ${label}`);
    },
  };
}

/** Archived agents begin nothing new. Throws `agent.archived`. */
export function refuseArchived(agent: Agent): void {
  if (agent.status !== 'archived') return;
  throw new AppError('agent.archived', `agent ${agent.name} is archived; restore it first`);
}
