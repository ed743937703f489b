import type { Embedder } from '../../adapters/embedders/port.ts';
import type { Fusion, IndexProfile } from '../../adapters/memory-index/port.ts';
import type { GraphStore } from '../../db/stores/graph-store.ts';
import type { KnowledgeGraph, RankedEntity } from '../../adapters/knowledge-graph/port.ts';
import type { KnowledgeStore } from '../../db/stores/knowledge-store.ts';
import type { Memory, NewMemory } from '../../contracts/memory.ts';
import type { MemoryStore } from '../../db/stores/memory-store.ts';
import type { Neighbourhood } from '../../contracts/graph.ts';
import type { Reranker } from '../../adapters/rerankers/port.ts';
import type { SearchIndexes } from './projection/search-indexes.ts';
import type { ServingEmbedder } from './serving-embedder.ts';

/** What a memory that is to be learnt says of one that is known. */
export type Judgement = 'same' | 'contradicts' | 'different';

/** Says how a new memory relates to known ones that are like it, in their order. */
export type Judge = (draft: NewMemory, known: readonly Memory[]) => Promise<readonly Judgement[]>;

/** Says in one text what several memories say; null where that failed. */
export type Summarise = (memories: readonly Memory[]) => Promise<string | null>;

/** What the memory service works with. */
export interface MemoryServiceDeps {
  readonly memories: MemoryStore;
  readonly knowledge: KnowledgeStore;
  readonly facts: Pick<GraphStore, 'factsFrom'>;
  readonly indexes: SearchIndexes;
  readonly graph: KnowledgeGraph | null;
  readonly reranker: Reranker | null;
  readonly serving: ServingEmbedder;
  /** The embedder as it is for a workspace, which keeps the vectors that it has paid for. */
  readonly embedderFor: (workspaceId: string, embedder: Embedder) => Embedder;
  /** How rankings are fused; null where vectors of that quality only make them worse. */
  readonly fusionFor: (quality: Embedder['quality'], profile: IndexProfile) => Fusion | null;
  readonly pageRank: (around: Neighbourhood, seeds: readonly string[]) => readonly RankedEntity[];
  /** The terms of a text as the index has them. */
  readonly analyse: (text: string) => readonly string[];
  /** A model's judgement; without one only what is surely the same, or its negation, is seen. */
  readonly judge: Judge | null;
  /** A model's summary; without one sentences of the memories themselves are chosen. */
  readonly summarise: Summarise | null;
  readonly onFault: (fault: { readonly what: string; readonly error: unknown }) => void;
  readonly now?: () => Date;
}
