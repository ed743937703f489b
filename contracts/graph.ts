/** Something that facts are about. */
export interface Entity {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  /** The person that it tells of: erasing the person erases it. */
  readonly userId: string | null;
  readonly version: number;
  readonly createdAt: string;
}

/** Where a fact was learnt. */
export interface FactSource {
  readonly memoryId: string | null;
  readonly runId: string | null;
  readonly messageId: string | null;
}

/**
 * What was so between two entities, as it was known for a while. What is known of a fact is never
 * overwritten: a later version of it expires the one before.
 */
export interface GraphFact extends FactSource {
  readonly id: string;
  readonly version: number;
  readonly workspaceId: string;
  readonly sourceId: string;
  readonly targetId: string;
  readonly predicate: string;
  readonly text: string;
  readonly confidence: number;
  readonly userId: string | null;
  /** Since when it is so. */
  readonly validAt: string;
  /** Since when it is not so any more; null while it is. */
  readonly invalidAt: string | null;
  /** Since when this is known. */
  readonly recordedAt: string;
  /** Since when something else is known; null while this is. */
  readonly expiredAt: string | null;
}

/** At which moments the graph is looked at, now by default, and by whom. */
export interface GraphMoment {
  /** Who looks: what tells of other persons is not there for this one. All is there by default. */
  readonly viewerId?: string;
  /** What was so then. */
  readonly validAt?: string;
  /** As it was known then. */
  readonly recordedAt?: string;
}

/** An entity and how far it is from where the search began. */
export interface ReachedEntity extends Entity {
  readonly depth: number;
}

/** What is near to some entities, and the facts among them. */
export interface Neighbourhood {
  readonly entities: readonly ReachedEntity[];
  readonly facts: readonly GraphFact[];
  /** True if a limit cut it off. */
  readonly truncated: boolean;
}

/** A shortest way between two entities; `facts` is empty where both are one. */
export interface GraphPath {
  readonly entities: readonly Entity[];
  readonly facts: readonly GraphFact[];
}

/** What entities are looked for by: words, or their beginnings. */
export interface EntitySearch {
  readonly text: string;
  readonly type?: string;
  /** Who looks: entities that tell of other persons are not there for this one. */
  readonly viewerId?: string;
  readonly limit: number;
}

/** Facts at an entity, in both directions. */
export interface FactsRequest extends GraphMoment {
  readonly entityId: string;
  readonly predicate?: string;
  readonly limit?: number;
}

/** How far a search goes from where it begins. */
export interface NeighbourhoodRequest extends GraphMoment {
  readonly from: readonly string[];
  /** At most `LIMITS.graphDepth`. */
  readonly depth: number;
  /** Entities that are wanted; the nearest come first. */
  readonly limit: number;
}

/** The ends of a way. */
export interface PathRequest extends GraphMoment {
  readonly from: string;
  readonly to: string;
  /** At most `LIMITS.graphDepth`. */
  readonly depth: number;
}

/** A part of the graph: an entity, or one version of a fact. */
export type GraphItem =
  | { readonly kind: 'entity'; readonly entity: Entity }
  | { readonly kind: 'fact'; readonly fact: GraphFact };

/** How large a workspace's graph is; each version of a fact counts. */
export interface GraphCounts {
  readonly entities: number;
  readonly factVersions: number;
}

/** Facts, and whether there are more than were asked for. */
export interface EntityFacts {
  readonly items: readonly GraphFact[];
  readonly truncated: boolean;
}
