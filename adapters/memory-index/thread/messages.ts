import type { IndexAnswer, IndexEntry, IndexQuery, IndexStats, MemoryIndex } from '../port.ts';

/** What the thread can be called for, with arguments and result. */
export interface ThreadCalls {
  readonly upsert: (workspaceId: string, entries: readonly IndexEntry[]) => Promise<void>;
  readonly remove: (workspaceId: string, ids: readonly string[]) => Promise<void>;
  readonly frequencies: MemoryIndex['frequencies'];
  readonly search: (workspaceId: string, query: IndexQuery) => Promise<IndexAnswer>;
  readonly stats: (workspaceId: string) => Promise<IndexStats>;
  readonly drop: (workspaceId: string) => Promise<void>;
  /** Gives the number by which the rebuild is fed and ended. */
  readonly beginRebuild: (workspaceId: string) => Promise<number>;
  /** Ends when there is room for more. */
  readonly feedRebuild: (rebuild: number, entries: readonly IndexEntry[]) => Promise<void>;
  /** Gives the number of entries; given up, the index stays as it was. */
  readonly endRebuild: (rebuild: number, complete: boolean) => Promise<number>;
}

/** A call, and what its answer will be known by. */
export interface ToThread {
  readonly call: number;
  readonly method: keyof ThreadCalls;
  readonly args: readonly unknown[];
}

/** The answer to a call; a failure of ours has its code. */
export type FromThread =
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly code: string | null; readonly message: string };
