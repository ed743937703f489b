import type { GraphCounts } from '../../../contracts/graph.ts';
import type { GraphStore } from '../../../db/stores/graph-store.ts';
import type { KnowledgeGraph } from '../../../adapters/knowledge-graph/port.ts';
import type { KnowledgeStore } from '../../../db/stores/knowledge-store.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { MemoryStore } from '../../../db/stores/memory-store.ts';
import type { Rebuilt, SearchIndexes } from './search-indexes.ts';

/** What a rebuild works with. */
export interface RebuildDeps {
  readonly memories: Pick<MemoryStore, 'usage'>;
  readonly knowledge: Pick<KnowledgeStore, 'scanChunks'>;
  readonly graph: Pick<GraphStore, 'count' | 'export'>;
  readonly indexes: SearchIndexes;
  readonly copy: KnowledgeGraph;
}

/** What a rebuild made, and whether it is all that the database has. */
export interface RebuildReport {
  readonly index: Rebuilt;
  /** Null where the database itself is the graph. */
  readonly graph: GraphCounts | null;
  readonly isWhole: boolean;
}

/** Makes index and graph of a workspace anew; searches and changes go on meanwhile. */
export async function rebuildMemory(
  deps: RebuildDeps,
  workspaceId: string,
): Promise<RebuildReport> {
  const { memories, graph, indexes, copy } = deps;
  const index = await indexes.rebuild(workspaceId);
  const made = copy.isCopy ? await copy.rebuild(workspaceId, graph.export(workspaceId)) : null;
  const { active } = await memories.usage(workspaceId);
  const wanted = active + (await countChunks(deps, workspaceId));
  const known = await graph.count(workspaceId);
  const isGraphWhole =
    made === null || (made.entities === known.entities && made.factVersions === known.factVersions);
  return { index, graph: made, isWhole: index.after === wanted && isGraphWhole };
}

async function countChunks({ knowledge }: RebuildDeps, workspaceId: string): Promise<number> {
  let count = 0;
  let afterId = '';
  for (;;) {
    const limit = LIMITS.memoryBatch;
    const page = await knowledge.scanChunks(workspaceId, { afterId, limit });
    const last = page.at(-1);
    if (last === undefined) return count;
    count += page.length;
    afterId = last.id;
  }
}
