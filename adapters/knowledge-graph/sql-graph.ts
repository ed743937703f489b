import type { GraphCounts, GraphItem } from '../../contracts/graph.ts';
import type { GraphReader, KnowledgeGraph } from './port.ts';
import { rankNear } from './page-rank.ts';

/** What is needed of the database's own graph. */
export interface GraphRecord extends GraphReader {
  count(workspaceId: string): Promise<GraphCounts>;
}

/** The database's own graph for readers: there is nothing to tell it, to drop or to rebuild. */
export function createSqlGraph(record: GraphRecord): KnowledgeGraph {
  return {
    isCopy: false,
    findEntities: (ws, search) => record.findEntities(ws, search),
    facts: (ws, request) => record.facts(ws, request),
    neighbourhood: (ws, request) => record.neighbourhood(ws, request),
    path: (ws, request) => record.path(ws, request),
    rank: (ws, request) => rankNear(record, ws, request),
    apply: () => Promise.resolve(),
    remove: () => Promise.resolve(),
    rebuild: (ws: string, _items: AsyncIterable<GraphItem>) => record.count(ws),
    drop: () => Promise.resolve(),
    stats: (ws) => record.count(ws),
    // The database is closed by who opened it.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
