import { createEmbeddedIndexes } from '../activities/memory/projection/embedded-indexes.ts';
import { createSharedIndex } from '../activities/memory/projection/shared-index.ts';
import { cachedEmbedder } from '../activities/memory/cached-embedder.ts';
import { createEmbedder } from '../adapters/embedders/create-embedder.ts';
import { createNeo4jGraph } from '../adapters/knowledge-graph/neo4j/neo4j-graph.ts';
import { createQdrantIndex } from '../adapters/memory-index/qdrant/create-qdrant-index.ts';
import { createReranker } from '../adapters/rerankers/create-reranker.ts';
import { createRankingModel } from '../activities/memory/ranking-model.ts';
import { createSqlGraph } from '../adapters/knowledge-graph/sql-graph.ts';
import { openMemoryModel } from './memory-model.ts';
import { ThreadedIndex } from '../adapters/memory-index/thread/threaded-index.ts';
import { toEmbedderConfig, type EmbedderChoice } from './memory-config.ts';
import type { AskModel } from '../activities/memory/ask-model.ts';
import type { ChatModels } from '../adapters/models/port.ts';
import type { Config, Secrets } from './config.ts';
import type { Embedder } from '../adapters/embedders/port.ts';
import type { EmbeddingCacheStore } from '../db/stores/embedding-cache-store.ts';
import type { EntrySource } from '../activities/memory/projection/workspace-entries.ts';
import type { GraphStore } from '../db/stores/graph-store.ts';
import type { KnowledgeGraph } from '../adapters/knowledge-graph/port.ts';
import type { KnowledgeStore } from '../db/stores/knowledge-store.ts';
import type { Logger } from './logger.ts';
import type { MemoryIndex } from '../adapters/memory-index/port.ts';
import type { MemoryStore } from '../db/stores/memory-store.ts';
import type { ProjectionStore } from '../db/stores/projection-store.ts';
import type { Reranker } from '../adapters/rerankers/port.ts';
import type { SearchIndexes } from '../activities/memory/projection/search-indexes.ts';
import type { WorkspaceStore } from '../db/stores/workspace-store.ts';

/** What an installation's memory is made from. */
export interface MemoryOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Logger;
  /** Says what time it is; the system's clock by default. */
  readonly clock?: () => Date;
  readonly memories: MemoryStore;
  readonly knowledge: KnowledgeStore;
  readonly graph: GraphStore;
  readonly projections: ProjectionStore;
  readonly embeddings: EmbeddingCacheStore;
  readonly workspaces: Pick<WorkspaceStore, 'list'>;
  /** Asked what words cannot tell, if the installation has a model; absent: nothing asks it. */
  readonly models?: ChatModels;
}

/** What serves an installation's memory. */
export interface MemoryParts {
  readonly embedders: readonly [Embedder, ...Embedder[]];
  readonly embedderFor: (workspaceId: string, embedder: Embedder) => Embedder;
  readonly shared: MemoryIndex | null;
  readonly indexes: SearchIndexes;
  readonly graph: KnowledgeGraph;
  readonly reranker: Reranker | null;
  /** Null where the installation has no model. */
  readonly ask: AskModel | null;
  readonly source: EntrySource;
}

/** Opens it; nothing outside is asked before its first use. */
export function openMemoryParts(options: MemoryOptions): MemoryParts {
  const { config, secrets, memories, knowledge, projections, embeddings, log } = options;
  const embedders = openEmbedders(config, secrets);
  const source: EntrySource = { memories, knowledge, embedders };
  const shared =
    config.qdrant === null
      ? null
      : createQdrantIndex({ url: config.qdrant.url, apiKey: secrets.qdrantApiKey });
  const indexes =
    shared !== null
      ? createSharedIndex(shared, source)
      : createEmbeddedIndexes({
          open: () => new ThreadedIndex(),
          source,
          projections,
          maxBytes: config.memory.indexBytes,
          onFault: ({ workspaceId, error }) =>
            log.warn({ err: error, workspaceId }, 'an index is made anew'),
        });
  const ask = openMemoryModel(options);
  const { neo4j } = config.memory;
  const password = secrets.memory.neo4jPassword ?? '';
  return {
    embedders,
    embedderFor: (workspaceId, embedder) =>
      cachedEmbedder({ embedder, cache: embeddings, workspaceId }),
    shared,
    indexes,
    graph:
      neo4j === null ? createSqlGraph(options.graph) : createNeo4jGraph({ ...neo4j, password }),
    reranker: openReranker(config, secrets, ask),
    ask,
    source,
  };
}

function openEmbedders(config: Config, secrets: Secrets): readonly [Embedder, ...Embedder[]] {
  const { embedder, previousEmbedder } = config.memory;
  const { url, dim, ...wanted } = embedder;
  const apiKey = secrets.memory.embedderApiKey;
  const vendorOf = ({ kind }: EmbedderChoice) => ({
    url: kind === 'openai' || kind === 'ollama' ? config.model.urls[kind] : null,
    apiKey:
      kind === 'openai' ? secrets.openaiApiKey : kind === 'google' ? secrets.googleApiKey : null,
  });
  const first = createEmbedder(toEmbedderConfig(wanted, { url, dim, apiKey }, vendorOf(wanted)));
  if (previousEmbedder === null) return [first];
  // The one before has the same service as long as it is of the same kind.
  const own =
    previousEmbedder.kind === wanted.kind
      ? { url, dim: null, apiKey }
      : { url: null, dim: null, apiKey: null };
  const before = toEmbedderConfig(previousEmbedder, own, vendorOf(previousEmbedder));
  return [first, createEmbedder(before)];
}

function openReranker({ memory }: Config, secrets: Secrets, ask: AskModel | null): Reranker | null {
  const { reranker } = memory;
  switch (reranker.kind) {
    case 'none':
      return null;
    case 'features':
      return createReranker({ kind: 'features' });
    case 'model':
      return ask === null ? null : createReranker({ kind: 'model', ask: createRankingModel(ask) });
    case 'service':
      return createReranker({ ...reranker, apiKey: secrets.memory.rerankerApiKey });
  }
}
