/** What a memory is: what happened, what is so, what someone likes, how something is done. */
export const MEMORY_KINDS = ['episode', 'fact', 'preference', 'procedure'] as const;
/** Kind of a memory. */
export type MemoryKind = (typeof MEMORY_KINDS)[number];

/** Whom a memory serves. */
export const MEMORY_SCOPES = ['user', 'agent', 'thread', 'workspace'] as const;
/** Whom a memory serves. */
export type MemoryScope = (typeof MEMORY_SCOPES)[number];

/** `active` ones are found; `archived` ones are kept out of searches; of `deleted` ones no text is left. */
export const MEMORY_STATUSES = ['active', 'archived', 'deleted'] as const;
/** State of a memory. */
export type MemoryStatus = (typeof MEMORY_STATUSES)[number];

/** Where the text of a memory comes from. */
export const MEMORY_ORIGINS = ['user', 'agent', 'summary', 'tool', 'document', 'recalled'] as const;
/** Where the text of a memory comes from. */
export type MemoryOrigin = (typeof MEMORY_ORIGINS)[number];

/** Origins that anybody may have written: such text never counts as trusted. */
export const UNTRUSTED_ORIGINS: readonly MemoryOrigin[] = ['tool', 'document', 'recalled'];

/** What can happen to a memory and is kept in its history. */
export const MEMORY_CHANGES = [
  'created',
  'edited',
  'closed',
  'marked',
  'archived',
  'restored',
  'deleted',
] as const;
/** What happened to a memory. */
export type MemoryChange = (typeof MEMORY_CHANGES)[number];

/** Whom a memory serves and tells of; the scope's own id is never null. */
export interface MemoryOwner {
  readonly scope: MemoryScope;
  /** The person that it tells of, whatever its scope: erasing the person erases it. */
  readonly userId: string | null;
  readonly agentId: string | null;
  readonly threadId: string | null;
}

/** What a memory was made from. */
export interface Provenance {
  readonly runId: string | null;
  readonly stepId: string | null;
  readonly messageId: string | null;
}

/** A memory as it is kept; times are ISO 8601. */
export interface Memory extends MemoryOwner, Provenance {
  readonly id: string;
  readonly workspaceId: string;
  /** Its place among the memories of its thread, from 0; null without a thread. */
  readonly threadPosition: number | null;
  readonly kind: MemoryKind;
  /** Empty once it is deleted. */
  readonly text: string;
  /** From 0 to 1. */
  readonly importance: number;
  /** How slowly it fades: after this time without use `1/e` of it is left. */
  readonly stabilityMs: number;
  readonly lastAccessAt: string;
  readonly accessCount: number;
  /** The last moments of use, oldest first. */
  readonly touches: readonly string[];
  /** When so little is left of it that it should be consolidated. */
  readonly forgetAt: string;
  /** Since when it is so. */
  readonly validAt: string;
  /** Since when it is not so any more; null while it is. */
  readonly invalidAt: string | null;
  /** What contradicted it. */
  readonly supersededBy: string | null;
  readonly status: MemoryStatus;
  readonly pinned: boolean;
  readonly legalHold: boolean;
  readonly origin: MemoryOrigin;
  readonly trusted: boolean;
  /** Memories that it was summarised from. */
  readonly derivedFrom: readonly string[];
  /** Grows with every change, uses included: projections keep the highest. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When an archived one is deleted; null for others. */
  readonly deleteAt: string | null;
}

/** A line of a memory's history. */
export interface MemoryEvent {
  readonly memoryId: string;
  readonly version: number;
  readonly change: MemoryChange;
  /** The text since then; null where it did not change, and once the memory is deleted. */
  readonly text: string | null;
  readonly actor: string;
  readonly why: string;
  readonly at: string;
}

/** A memory that is to be written; ids that are absent are null. */
export interface NewMemory {
  readonly kind: MemoryKind;
  readonly text: string;
  readonly scope: MemoryScope;
  readonly userId?: string | null;
  readonly agentId?: string | null;
  readonly threadId?: string | null;
  /** From 0 to 1; 0.5 by default. */
  readonly importance?: number;
  readonly origin: MemoryOrigin;
  /** By default what the origin allows; never more than that, nor than what it was derived from. */
  readonly trusted?: boolean;
  /** Now by default. */
  readonly validAt?: string;
  readonly pinned?: boolean;
  readonly runId?: string | null;
  readonly stepId?: string | null;
  readonly messageId?: string | null;
  readonly derivedFrom?: readonly string[];
  /** Makes writing it repeatable. */
  readonly key?: string;
}

/** The memory; `existing`: its key was written before; `duplicate`: the same is remembered already. */
export interface Remembered {
  readonly kind: 'created' | 'existing' | 'duplicate';
  readonly memory: Memory;
}

/** Who changes memories, and why: both go into their history. */
export interface MemoryAuthor {
  readonly actor: string;
  readonly why: string;
}

/** What a workspace remembers, and how much it may. */
export interface MemoryUsage {
  readonly active: number;
  readonly limit: number;
}

/** How much is remembered of one scope. */
export interface ScopeCount {
  readonly scope: MemoryScope;
  /** Of the user, the agent or the thread; null for the workspace itself. */
  readonly id: string | null;
  readonly active: number;
  readonly archived: number;
  /** When one of them was written or changed last. */
  readonly lastAt: string;
}

/** What an erasure removed, by kind of row. */
export interface ErasedCounts {
  readonly memories: number;
  /** Of those, memories of others that were summarised from the person's. */
  readonly derived: number;
  readonly historyEntries: number;
  readonly memoryVectors: number;
  readonly documents: number;
  readonly chunks: number;
  readonly chunkVectors: number;
  readonly ingestions: number;
  readonly crawls: number;
  readonly entities: number;
  readonly graphFacts: number;
  readonly workingValues: number;
  readonly feedback: number;
}

/** Proof of an erasure; holds nothing that tells who it was. */
export interface Erasure {
  readonly id: string;
  readonly workspaceId: string;
  /** SHA-256 of the workspace's and the person's id. */
  readonly subjectHash: string;
  readonly erased: ErasedCounts;
  /** Memories that a legal hold kept. */
  readonly held: number;
  /** Rows of the person that were counted after the erasure, those held excepted: 0. */
  readonly remaining: number;
  /** Things that indexes outside of the database have still to remove. */
  readonly pendingProjections: number;
  readonly actor: string;
  readonly at: string;
}
