import type { CompiledVersion, Principal } from '../../contracts/records.ts';
import type { AgentSpec, ExecutableGraph } from '../../contracts/agent-spec.ts';
import type { CreatedRun, CreateRun } from '../../db/stores/run-store.ts';
import { createAgentStore, type AgentStore } from '../../db/stores/agent-store.ts';
import { createApiKeyStore, type ApiKeyStore } from '../../db/stores/api-key-store.ts';
import { createHumanTaskStore, type HumanTaskStore } from '../../db/stores/human-task-store.ts';
import { createRunStore, type RunStore } from '../../db/stores/run-store.ts';
import { createThreadStore, type ThreadStore } from '../../db/stores/thread-store.ts';
import { createWorkspaceStore, type WorkspaceStore } from '../../db/stores/workspace-store.ts';
import type { Database } from '../../db/database.ts';
import { newId } from '../../contracts/ids.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { RunRef } from '../../contracts/journal.ts';

/** A spec that is never executed here. */
export const SPEC: AgentSpec = {
  model: { provider: 'scripted' },
  instructions: 'be brief',
  tools: [],
};
/** A plan that is never followed here. */
export const PLAN: Plan = {
  start: 'a',
  nodes: {},
  budgets: { maxSteps: 1, maxModelCalls: 1, maxToolCalls: 1, maxTokens: 1, maxDurationMs: 1 },
};
/** A graph that is never executed here. */
export const GRAPH: ExecutableGraph = {
  nodes: {},
  edges: {},
  channels: {},
  input: true,
  output: true,
};

/** All stores on one database. */
export interface Stores {
  readonly workspaces: WorkspaceStore;
  readonly apiKeys: ApiKeyStore;
  readonly agents: AgentStore;
  readonly threads: ThreadStore;
  readonly runs: RunStore;
  readonly humanTasks: HumanTaskStore;
}

/** Makes all stores. */
export function createStores(database: Database): Stores {
  return {
    workspaces: createWorkspaceStore(database),
    apiKeys: createApiKeyStore(database, 'pepper'),
    agents: createAgentStore(database),
    threads: createThreadStore(database),
    runs: createRunStore(database),
    humanTasks: createHumanTaskStore(database),
  };
}

/** A workspace with an agent that has one version. */
export interface Tenant {
  readonly workspaceId: string;
  readonly version: CompiledVersion;
  readonly principal: Principal;
  readonly createRun: (more?: Partial<CreateRun>) => Promise<CreatedRun>;
  /** A run in a thread of its own. */
  readonly seedRun: () => Promise<RunRef>;
}

/** Makes a tenant. */
export async function createTenant(stores: Stores, agentName = 'tester'): Promise<Tenant> {
  const { id: workspaceId } = await stores.workspaces.create({ name: 'test' });
  const { record } = await stores.apiKeys.create(workspaceId, { name: 'key', role: 'runner' });
  const principal: Principal = { apiKeyId: record.id, workspaceId, role: record.role };
  const agent = await stores.agents.create(workspaceId, { name: agentName, description: '' });
  const version = await stores.agents.createVersion(workspaceId, {
    agentId: agent.id,
    spec: SPEC,
    plan: PLAN,
    graph: GRAPH,
    changelog: 'first',
  });
  const createRun = (more: Partial<CreateRun> = {}): Promise<CreatedRun> =>
    stores.runs.create(workspaceId, {
      agentId: agent.id,
      versionId: version.id,
      thread: null,
      input: { q: 1 },
      principal,
      ...more,
    });
  return {
    workspaceId,
    version,
    principal,
    createRun,
    seedRun: async () => {
      const threadId = newId('thread');
      const { run } = await createRun({ thread: { kind: 'new', threadId, title: '' } });
      return { workspaceId, runId: run.id };
    },
  };
}
