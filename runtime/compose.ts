import { builtInNodeTypes, createNodeRegistry } from '../activities/nodes/registry.ts';
import type { IngestionActivities } from '../activities/knowledge/ingestion-activity-types.ts';
import { createAgentRunActivities } from '../activities/agent-run-activities.ts';
import { createEmbeddingCacheStore } from '../db/stores/embedding-cache-store.ts';
import { createProjectionStore } from '../db/stores/projection-store.ts';
import { createLearningStore, type LearningStore } from '../db/stores/learning-store.ts';
import { createMemoryActivities } from '../activities/memory/memory-activities.ts';
import { createRunRecall } from '../activities/memory/run-recall.ts';
import type { MemoryActivities } from '../activities/memory/memory-activity-types.ts';
import { openMemory, type InstallationMemory } from './memory.ts';
import type { MemoryService } from '../activities/memory/memory-service.ts';
import { openSandboxes, type InstallationSandboxes } from './sandboxes.ts';
import { composeTools } from './tools.ts';
import type { ToolRegistry } from '../activities/tools/registry.ts';
import { createBrowsers } from '../adapters/browser/browsers.ts';
import { createChatModels } from '../adapters/models/chat-models.ts';
import { createAgentStore, type AgentStore } from '../db/stores/agent-store.ts';
import { createApiKeyStore, type ApiKeyStore } from '../db/stores/api-key-store.ts';
import { createArtifactStore, type ArtifactStore } from '../db/stores/artifact-store.ts';
import { createDatabase, type Database } from '../db/database.ts';
import { createFetchDocument } from '../activities/tools/built-in/http/fetch-document.ts';
import type { CrawlActivities } from '../activities/knowledge/crawl/crawl-activity-types.ts';
import { createCrawlStore, type CrawlStore } from '../db/stores/crawl-store.ts';
import { createFeedbackStore, type FeedbackStore } from '../db/stores/feedback-store.ts';
import { createGraphStore, type GraphStore } from '../db/stores/graph-store.ts';
import { createKnowledgeStore, type KnowledgeStore } from '../db/stores/knowledge-store.ts';
import { createMemoryStore, type MemoryStore } from '../db/stores/memory-store.ts';
import {
  createWorkingMemoryStore,
  type WorkingMemoryStore,
} from '../db/stores/working-memory-store.ts';
import { createEventListener, type EventListener } from '../db/listener.ts';
import { createFileStore, type FileStore } from '../db/stores/file-store.ts';
import { createHumanTaskStore, type HumanTaskStore } from '../db/stores/human-task-store.ts';
import { createJournal } from '../db/journal/journal.ts';
import { createRunStore, type RunStore } from '../db/stores/run-store.ts';
import { createSandboxStore, type SandboxStore } from '../db/stores/sandbox-store.ts';
import { createThreadStore, type ThreadStore } from '../db/stores/thread-store.ts';
import { createWorkspaceStore, type WorkspaceStore } from '../db/stores/workspace-store.ts';
import { migrateToLatest } from '../db/migrate.ts';
import { evaluate, renderTemplate } from '../engine/expression.ts';
import { validateJson } from '../engine/json-schema.ts';
import type { AgentRunActivities } from '../activities/agent-run-types.ts';
import type { CompileRegistry } from '../engine/compile.ts';
import type { Config, Secrets } from './config.ts';
import type { FetchDocument } from '../contracts/document-fetch.ts';
import type { Fault } from '../activities/step/fault.ts';
import type { Journal } from '../contracts/journal.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { Logger } from './logger.ts';
import type { RunRef } from '../contracts/journal.ts';
import type { NodeType } from '../activities/nodes/node-type.ts';
import { installationModel, toModelsConfig } from './models-config.ts';
import { composeIngestion } from './ingestion.ts';
import { createCrash, type Crash } from './failpoint.ts';

/** What an installation is made from. */
export interface InstallationOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly databaseUrl: string;
  /** Keys the hashes of API keys; at least 32 characters. */
  readonly keyPepper: string;
  readonly log: Logger;
}

/** Everything but Temporal that processes of an installation share. */
export interface Installation extends AsyncDisposable {
  readonly database: Database;
  readonly journal: Journal;
  readonly listener: EventListener;
  readonly workspaces: WorkspaceStore;
  readonly apiKeys: ApiKeyStore;
  readonly agents: AgentStore;
  readonly threads: ThreadStore;
  readonly runs: RunStore;
  readonly humanTasks: HumanTaskStore;
  readonly files: FileStore;
  readonly artifacts: ArtifactStore;
  readonly sandboxes: SandboxStore;
  readonly memories: MemoryStore;
  readonly knowledge: KnowledgeStore;
  readonly crawls: CrawlStore;
  readonly graph: GraphStore;
  readonly workingMemory: WorkingMemoryStore;
  readonly feedback: FeedbackStore;
  readonly learnings: LearningStore;
  readonly fetchDocument: FetchDocument;
  readonly memory: MemoryService;
  readonly liveMemory: InstallationMemory;
  readonly liveSandboxes: InstallationSandboxes;
  readonly metrics: Metrics;
  readonly tools: ToolRegistry;
  readonly nodeTypes: readonly NodeType[];
  readonly registry: CompileRegistry;
  readonly activities: AgentRunActivities;
  readonly ingestionActivities: IngestionActivities & CrawlActivities;
  readonly memoryActivities: MemoryActivities;
  readonly crash: Crash;
}

/** Opens the database, brings its schema up to date and builds stores, tools and executors. */
export async function composeInstallation(options: InstallationOptions): Promise<Installation> {
  const { config, secrets, databaseUrl, keyPepper } = options;
  const database = createDatabase({ connectionString: databaseUrl, ...config.database });
  await migrateToLatest(database);
  const journal = createJournal(database);
  const listener = createEventListener(databaseUrl, database.notifier);
  const stores = openStores(database, keyPepper);
  const embeddings = createEmbeddingCacheStore(database);
  const projections = createProjectionStore(database);
  const metrics = createMetrics();
  const models = createChatModels(toModelsConfig(config, secrets), {
    validate: validateJson,
    evaluate,
    renderTemplate,
  });
  const liveMemory = openMemory({ ...options, ...stores, projections, embeddings, models });
  const live = openSandboxes({ ...options, ...stores, metrics });
  const browsers = createBrowsers();
  const memory = liveMemory.service;
  const tools = await composeTools({ config, ...stores, memory, sandboxes: live.runs, browsers });
  const nodes = createNodeRegistry(builtInNodeTypes);
  const crash = createCrash(config.failpoint);
  const recall = createRunRecall({ memory, knowledge: stores.knowledge });
  const steps = { journal, models, tools, nodes, crash, recall, ...toldOf(options.log, live) };
  return {
    database,
    journal,
    listener,
    ...stores,
    fetchDocument: createFetchDocument({ allowHosts: config.tools.httpAllowHosts }),
    memory,
    liveMemory,
    metrics,
    liveSandboxes: live,
    tools,
    nodeTypes: builtInNodeTypes,
    registry: {
      nodeType: (type) => nodes.get(type),
      tool: (name) => tools.get(name),
      toolGroup: (name) => tools.group(name),
    },
    activities: createAgentRunActivities(steps),
    ingestionActivities: composeIngestion({ config, ...stores, crash, ...liveMemory }),
    memoryActivities: createMemoryActivities({
      ...{ memory, embeddings, crash, workingMemory: stores.workingMemory },
      learning: { ...stores, memory, journal, models, model: installationModel(config) },
    }),
    crash,
    async [Symbol.asyncDispose]() {
      await browsers[Symbol.asyncDispose]();
      await liveMemory[Symbol.asyncDispose]();
      await live[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** What steps tell: that one broke, and that a run rests, whose sandbox others may have. */
function toldOf(log: Logger, live: InstallationSandboxes) {
  return {
    report: (fault: Fault): void => {
      log.error(fault, fault.tool === undefined ? 'a step broke' : 'a tool broke');
    },
    rest: (run: RunRef): void => {
      live.runs.release(run).catch((error: unknown) => {
        log.warn({ err: error, runId: run.runId }, 'a sandbox could not be freed');
      });
    },
  };
}

function openStores(database: Database, keyPepper: string) {
  return {
    workspaces: createWorkspaceStore(database),
    apiKeys: createApiKeyStore(database, keyPepper),
    agents: createAgentStore(database),
    threads: createThreadStore(database),
    runs: createRunStore(database),
    humanTasks: createHumanTaskStore(database),
    files: createFileStore(database),
    artifacts: createArtifactStore(database),
    sandboxes: createSandboxStore(database),
    memories: createMemoryStore(database),
    knowledge: createKnowledgeStore(database),
    crawls: createCrawlStore(database),
    graph: createGraphStore(database),
    workingMemory: createWorkingMemoryStore(database),
    feedback: createFeedbackStore(database),
    learnings: createLearningStore(database),
  };
}
