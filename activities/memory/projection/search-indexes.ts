import type {
  IndexAnswer,
  IndexQuery,
  IndexStats,
  MemoryIndex,
} from '../../../adapters/memory-index/port.ts';
import type { Changed } from './workspace-entries.ts';

/** What a rebuild did. */
export interface Rebuilt {
  readonly before: number;
  readonly after: number;
}

/** The searchable copies of memories and documents, whoever keeps them. */
export interface SearchIndexes extends AsyncDisposable {
  /** `embedded`: each process has its own; `shared`: one for all, outside of the processes. */
  readonly kind: 'embedded' | 'shared';
  /** Sees what this process has written, and what others wrote about a second ago. */
  search(workspaceId: string, query: IndexQuery): Promise<IndexAnswer>;
  /** How rare the terms of a text are; null where the index cannot tell. */
  frequencies: MemoryIndex['frequencies'];
  /** Shows at once what the caller has just changed in the database. */
  written(workspaceId: string, changed: Changed): Promise<void>;
  /** Learns what other processes have changed. */
  follow(): Promise<void>;
  /** Makes a workspace's index anew from the database, while searches go on. */
  rebuild(workspaceId: string): Promise<Rebuilt>;
  stats(workspaceId: string): Promise<IndexStats>;
}
