import { createDatabase } from '../db/database.ts';
import { createEmbeddingCacheStore } from '../db/stores/embedding-cache-store.ts';
import { createGraphStore, type GraphStore } from '../db/stores/graph-store.ts';
import { createKnowledgeStore, type KnowledgeStore } from '../db/stores/knowledge-store.ts';
import { createMemoryStore, type MemoryStore } from '../db/stores/memory-store.ts';
import { createProjectionStore, type ProjectionStore } from '../db/stores/projection-store.ts';
import { createWorkspaceStore, type WorkspaceStore } from '../db/stores/workspace-store.ts';
import { openMemory, type InstallationMemory } from './memory.ts';
import type { Config, Secrets } from './config.ts';
import type { Logger } from './logger.ts';

/** Memory of an installation without what runs agents. */
export interface ComposedMemory extends AsyncDisposable {
  readonly workspaces: WorkspaceStore;
  readonly memories: MemoryStore;
  readonly knowledge: KnowledgeStore;
  readonly graph: GraphStore;
  readonly projections: ProjectionStore;
  readonly memory: InstallationMemory;
}

/** Opens memory on a database whose schema is up to date. */
export function composeMemory(options: {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly databaseUrl: string;
  readonly log: Logger;
}): ComposedMemory {
  const { maxConnections } = options.config.database;
  const database = createDatabase({ connectionString: options.databaseUrl, maxConnections });
  const stores = {
    workspaces: createWorkspaceStore(database),
    memories: createMemoryStore(database),
    knowledge: createKnowledgeStore(database),
    graph: createGraphStore(database),
    projections: createProjectionStore(database),
  };
  const embeddings = createEmbeddingCacheStore(database);
  const memory = openMemory({ ...options, ...stores, embeddings });
  return {
    ...stores,
    memory,
    async [Symbol.asyncDispose]() {
      await memory[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
