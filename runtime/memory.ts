import { createMemoryService } from '../activities/memory/create-memory-service.ts';
import { createModelJudge } from '../activities/memory/model-judge.ts';
import { createModelSummary } from '../activities/memory/model-summary.ts';
import { createServingEmbedder } from '../activities/memory/serving-embedder.ts';
import { hasAllVectors } from '../activities/memory/projection/embed-missing.ts';
import { analyse } from '../adapters/memory-index/text/analyser.ts';
import { fusionFor } from '../adapters/memory-index/fusion/fusion-for.ts';
import { pageRank } from '../adapters/knowledge-graph/page-rank.ts';
import type { Embedder } from '../adapters/embedders/port.ts';
import type { KnowledgeGraph } from '../adapters/knowledge-graph/port.ts';
import type { MemoryService } from '../activities/memory/memory-service.ts';
import type { SearchIndexes } from '../activities/memory/projection/search-indexes.ts';
import { followMemory, tendMemory } from './memory-loops.ts';
import { openMemoryParts, type MemoryOptions, type MemoryParts } from './memory-parts.ts';

/** Memory and knowledge of an installation, with the loops that keep their indexes. */
export interface InstallationMemory extends AsyncDisposable {
  readonly service: MemoryService;
  readonly indexes: SearchIndexes;
  readonly graph: KnowledgeGraph;
  /** Whose vectors are wanted. */
  readonly embedder: Embedder;
  readonly embedderFor: (workspaceId: string) => Embedder;
  /** What serves, for people. */
  readonly summary: string;
  /** Learns what other processes change; every process that searches needs it. */
  follow(): AsyncDisposable;
  /** Tells indexes outside of the processes, makes missing vectors; any number of processes may. */
  tend(): AsyncDisposable;
}

/** Opens what serves memory; nothing outside is asked before its first use. */
export function openMemory(options: MemoryOptions): InstallationMemory {
  const parts = openMemoryParts(options);
  const { embedders, embedderFor, indexes, graph, reranker, ask } = parts;
  const stores = { memories: options.memories, knowledge: options.knowledge };
  const service = createMemoryService({
    ...stores,
    facts: options.graph,
    indexes,
    graph,
    reranker,
    serving: createServingEmbedder({
      embedders,
      isComplete: (workspaceId, ref) => hasAllVectors(stores, workspaceId, ref),
    }),
    embedderFor,
    fusionFor,
    pageRank,
    analyse,
    judge: ask === null ? null : createModelJudge(ask),
    summarise: ask === null ? null : createModelSummary(ask),
    ...(options.clock === undefined ? {} : { now: options.clock }),
    onFault: ({ what, error }) => options.log.warn({ err: error }, `${what} failed`),
  });
  return {
    service,
    indexes,
    graph,
    embedder: embedders[0],
    embedderFor: (workspaceId) => embedderFor(workspaceId, embedders[0]),
    summary: summaryOf(options, parts),
    follow: () => followMemory(options, parts),
    tend: () => tendMemory(options, parts),
    async [Symbol.asyncDispose]() {
      await indexes[Symbol.asyncDispose]();
      await graph[Symbol.asyncDispose]();
      await reranker?.[Symbol.asyncDispose]();
      for (const embedder of embedders) await embedder[Symbol.asyncDispose]();
    },
  };
}

function summaryOf({ config }: MemoryOptions, { embedders, reranker }: MemoryParts): string {
  const { qdrant, memory } = config;
  return [
    qdrant === null ? 'embedded index' : `Qdrant at ${withoutUser(qdrant.url)}`,
    memory.neo4j === null ? 'graph in PostgreSQL' : `Neo4j at ${withoutUser(memory.neo4j.url)}`,
    `embedder ${embedders[0].ref.id}`,
    ...(reranker === null ? [] : [`reranker ${reranker.name}`]),
  ].join(', ');
}

/** An address may hold a password. */
function withoutUser(url: string): string {
  return url.replace(/\/\/[^/@]*@/u, '//');
}
