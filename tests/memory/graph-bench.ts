import { createGraphStore, type GraphStore } from '../../db/stores/graph-store.ts';
import type { GraphBench } from '../../adapters/knowledge-graph/port.suite.ts';
import type { GraphItem } from '../../contracts/graph.ts';
import type { KnowledgeGraph } from '../../adapters/knowledge-graph/port.ts';
import { createTenant } from '../db/fixtures.ts';
import { openMemoryBench } from '../db/memory-bench.ts';

/** A bench whose database is a PostgreSQL, with the graph that is made from it. */
export interface SqlBench extends GraphBench {
  readonly store: GraphStore;
}

/** Opens a schema, and the graph beside it; the clock stands unless a test moves it. */
export async function openGraphBench(
  createGraph: (store: GraphStore, clock: () => Date) => KnowledgeGraph,
): Promise<SqlBench> {
  const { schema, stores, now, wait } = await openMemoryBench();
  const store = createGraphStore(schema.database, now);
  const graph = createGraph(store, now);
  return {
    ...{ graph, store, record: store, now, wait },
    settle: async (ws) => graph.apply(ws, await itemsOf(store, ws)),
    createWorkspace: async () => (await createTenant(stores)).workspaceId,
    [Symbol.asyncDispose]: async () => {
      await graph[Symbol.asyncDispose]();
      await schema.drop();
    },
  };
}

/** All that the database has of a workspace's graph. */
export async function itemsOf(store: GraphStore, ws: string): Promise<readonly GraphItem[]> {
  const items: GraphItem[] = [];
  for await (const item of store.export(ws)) items.push(item);
  return items;
}
