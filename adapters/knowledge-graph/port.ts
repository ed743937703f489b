import type {
  Entity,
  EntitySearch,
  FactsRequest,
  GraphCounts,
  GraphFact,
  GraphItem,
  GraphPath,
  Neighbourhood,
  NeighbourhoodRequest,
  PathRequest,
} from '../../contracts/graph.ts';

/** The reading half of a graph. Nothing of another workspace is ever reached. */
export interface GraphReader {
  /** Those whose names have the words or begin like them, best first. */
  findEntities(workspaceId: string, search: EntitySearch): Promise<readonly Entity[]>;
  /** Facts at an entity, in both directions, by id. */
  facts(workspaceId: string, request: FactsRequest): Promise<readonly GraphFact[]>;
  /** What is near to some entities, the nearest first, and the facts among them. */
  neighbourhood(workspaceId: string, request: NeighbourhoodRequest): Promise<Neighbourhood>;
  /** A shortest way, by the surest facts; null if there is none within the depth. */
  path(workspaceId: string, request: PathRequest): Promise<GraphPath | null>;
}

/** How much an entity has to do with where a search began. Scores of one search add up to 1. */
export interface RankedEntity {
  readonly entity: Entity;
  readonly score: number;
}

/** Something that is no more. */
export interface GraphRemoval {
  readonly kind: GraphItem['kind'];
  readonly id: string;
  /** Versions below it are gone, also those that arrive later. */
  readonly version: number;
}

/**
 * The graph for readers. Either the database itself, which knows of every change, or a copy of it that
 * is told of changes at least once, in any order, and can be dropped and rebuilt at any time.
 */
export interface KnowledgeGraph extends GraphReader, AsyncDisposable {
  /** Whether it has to be told of changes. */
  readonly isCopy: boolean;
  /** The entities near to some, by how much they have to do with them, the most first. */
  rank(workspaceId: string, request: NeighbourhoodRequest): Promise<readonly RankedEntity[]>;
  /**
   * Of an entity the highest version stays. Versions of a fact are kept beside each other; one that
   * ended before the next is known ends when that does. A fact shows once both of its ends are there.
   */
  apply(workspaceId: string, items: readonly GraphItem[]): Promise<void>;
  /** Takes out entities and all versions of facts; unknown ones are no failure. */
  remove(workspaceId: string, removals: readonly GraphRemoval[]): Promise<void>;
  /**
   * Replaces a workspace's graph. Readers see the old one until the new one is whole; changes
   * meanwhile, from any process, count in both. Of two at once the later one goes on, the earlier one
   * fails with `knowledge_graph.rebuild_superseded`.
   */
  rebuild(workspaceId: string, items: AsyncIterable<GraphItem>): Promise<GraphCounts>;
  /** Forgets a workspace. */
  drop(workspaceId: string): Promise<void>;
  stats(workspaceId: string): Promise<GraphCounts>;
}
