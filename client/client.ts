import { createAgents, type Agents } from './agents.ts';
import { createArtifacts, type Artifacts } from './artifacts.ts';
import { createAudit, type Audit } from './audit.ts';
import { createApiKeys, type ApiKeys } from './api-keys.ts';
import { createCatalogue, type Catalogue } from './catalogue.ts';
import { createFiles, type Files } from './files.ts';
import { createGraph, type Graph } from './graph.ts';
import { createHumanTasks, type HumanTasks } from './human-tasks.ts';
import { createKnowledge, type Knowledge } from './knowledge.ts';
import { createMemories, type Memories } from './memories.ts';
import { createRuns, type Runs } from './runs.ts';
import { createThreads, type Threads } from './threads.ts';
import { createTransport } from './transport.ts';
import { createValues, type Values } from './values.ts';
import { createWorkingMemories, type WorkingMemories } from './working-memory.ts';
import { createWorkspace, type WorkspaceSettings } from './workspace.ts';
import { REAL_PACING } from './backoff.ts';

/** Which service, as whom, and how patiently. */
export interface ClientOptions {
  /** Where the service answers, such as `http://127.0.0.1:8088`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** The platform's own by default. */
  readonly fetch?: typeof fetch;
  /** Repetitions of one request after lost connections, 408, 429 and 5xx; 4 by default. */
  readonly maxRetries?: number;
}

/** A workspace of a service, as its API key sees it. */
export interface Client {
  readonly agents: Agents;
  readonly runs: Runs;
  readonly files: Files;
  readonly artifacts: Artifacts;
  readonly audit: Audit;
  readonly threads: Threads;
  readonly humanTasks: HumanTasks;
  readonly memories: Memories;
  readonly workingMemory: WorkingMemories;
  readonly knowledge: Knowledge;
  readonly graph: Graph;
  readonly values: Values;
  readonly catalogue: Catalogue;
  readonly apiKeys: ApiKeys;
  readonly workspace: WorkspaceSettings;
}

const DEFAULT_MAX_RETRIES = 4;

/** A client over `fetch`; holds no connection and needs no closing. */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport({
    baseUrl: options.baseUrl,
    apiKey: options.apiKey,
    // Looked up at each call, so that a `fetch` that is replaced later is the one in use.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    maxRetries: options.maxRetries ?? DEFAULT_MAX_RETRIES,
    pacing: REAL_PACING,
  });
  return {
    agents: createAgents(transport),
    runs: createRuns(transport),
    files: createFiles(transport),
    artifacts: createArtifacts(transport),
    audit: createAudit(transport),
    threads: createThreads(transport),
    humanTasks: createHumanTasks(transport),
    memories: createMemories(transport),
    workingMemory: createWorkingMemories(transport),
    knowledge: createKnowledge(transport),
    graph: createGraph(transport),
    values: createValues(transport),
    catalogue: createCatalogue(transport),
    apiKeys: createApiKeys(transport),
    workspace: createWorkspace(transport),
  };
}
