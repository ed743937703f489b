import {
  archiveMemories,
  deleteExpired,
  dueMemories,
  touchMemories,
  workspacesDue,
  type ArchiveRequest,
} from '../memory/forget.ts';
import {
  closeMemory,
  deleteMemories,
  editMemory,
  markMemory,
  restoreMemories,
  supersedeMemory,
  type Contradiction,
  type MemoryEdit,
  type MemoryMarks,
  type Superseded,
} from '../memory/revise.ts';
import type {
  EmbedderRef,
  NewVector,
  StoredVector,
  TextToEmbed,
} from '../../contracts/embedding.ts';
import { eraseUser, getErasure, type EraseRequest } from '../memory/erase-user.ts';
import type {
  Erasure,
  Memory,
  MemoryAuthor,
  MemoryEvent,
  MemoryUsage,
  MemoryScope,
  NewMemory,
  Remembered,
  ScopeCount,
} from '../../contracts/memory.ts';
import {
  getMemories,
  getMemory,
  listMemories,
  memoryHistory,
  scanMemories,
  type MemoryFilter,
  type ScanRequest,
} from '../memory/read-memories.ts';
import {
  MEMORY_VECTORS,
  missingVectors,
  putVectors,
  readVectors,
  type VectorScan,
} from '../vectors/vectors.ts';
import type { Page, PageRequest } from './page.ts';
import { listScopes } from '../memory/scopes.ts';
import { readUsage, setLimit } from '../memory/usage.ts';
import { consolidate, type Consolidated, type Consolidation } from '../memory/consolidate.ts';
import type { Database } from '../database.ts';
import { rememberAll } from '../memory/remember.ts';

/**
 * Long-term memories of a workspace. Each change goes with its line of history and its note to
 * projections; a memory of another workspace is unknown. Batches have `LIMITS.memoryBatch` at most.
 */
export interface MemoryStore {
  /** Writes memories, or none. Throws `memory.invalid`, `memory.budget_exceeded`. */
  remember(
    workspaceId: string,
    memories: readonly NewMemory[],
    author: MemoryAuthor,
  ): Promise<readonly Remembered[]>;
  /** Throws `memory.not_found`. */
  get(workspaceId: string, id: string): Promise<Memory>;
  /** Those that exist, in the order of the ids. */
  getMany(workspaceId: string, ids: readonly string[]): Promise<readonly Memory[]>;
  /** Newest first. */
  list(workspaceId: string, filter: MemoryFilter, page: PageRequest): Promise<Page<Memory>>;
  /** Who has memories and how many, deleted ones left out. */
  scopes(
    workspaceId: string,
    filter: { readonly scope?: MemoryScope },
    page: PageRequest,
  ): Promise<Page<ScopeCount>>;
  /** Active ones by id, for those who read all. */
  scan(workspaceId: string, request: ScanRequest): Promise<readonly Memory[]>;
  /** Oldest first. Throws `memory.not_found`. */
  history(workspaceId: string, id: string, page: PageRequest): Promise<Page<MemoryEvent>>;
  /** Throws `memory.not_found`, `memory.conflict`, `memory.invalid`. */
  edit(workspaceId: string, id: string, edit: MemoryEdit & MemoryAuthor): Promise<Memory>;
  /** Ends its time of being so; false if it had ended before. Throws `memory.not_found`. */
  close(
    workspaceId: string,
    id: string,
    close: MemoryAuthor & { readonly invalidAt: string },
  ): Promise<boolean>;
  /** Closes a memory for what contradicts it, which is written; of two at once one does. */
  supersede(
    workspaceId: string,
    contradiction: Contradiction,
    author: MemoryAuthor,
  ): Promise<Superseded>;
  /** Throws `memory.not_found`. */
  mark(workspaceId: string, id: string, marks: MemoryMarks & MemoryAuthor): Promise<Memory>;
  /** Strengthens what was used; answers with how many uses were not the same as one just before. */
  touch(workspaceId: string, ids: readonly string[]): Promise<number>;
  /** Those that have faded, longest ago first: neither pinned, held, nor facts that are still so. */
  due(workspaceId: string, limit: number): Promise<readonly Memory[]>;
  /** Workspaces that have memories to archive or to delete. */
  workspacesDue(): Promise<readonly string[]>;
  /** Takes memories out of searches, but pinned and held ones; answers with those taken. */
  archive(workspaceId: string, request: ArchiveRequest): Promise<readonly Memory[]>;
  /** Writes a summary of memories that are due and archives them, in one step. */
  consolidate(workspaceId: string, request: Consolidation): Promise<readonly Consolidated[]>;
  /** Makes archived ones active again. Throws `memory.conflict`, `memory.budget_exceeded`. */
  restore(
    workspaceId: string,
    ids: readonly string[],
    author: MemoryAuthor,
  ): Promise<readonly Memory[]>;
  /** Removes text and vectors but leaves who did what and why; answers with those deleted. */
  delete(
    workspaceId: string,
    ids: readonly string[],
    author: MemoryAuthor,
  ): Promise<readonly string[]>;
  /** The same for archived ones whose retention is over. */
  deleteExpired(workspaceId: string, limit: number): Promise<readonly string[]>;
  /** Removes every row of a person, but memories on legal hold. */
  eraseUser(workspaceId: string, request: EraseRequest): Promise<Erasure>;
  /** The receipt of an erasure. Throws `erasure.not_found`. */
  erasure(workspaceId: string, id: string): Promise<Erasure>;
  usage(workspaceId: string): Promise<MemoryUsage>;
  /** How many active memories the workspace may have. */
  setLimit(workspaceId: string, limit: number): Promise<void>;
  /** Keeps vectors; those of a text that was changed since are left out. Throws `embedding.invalid`. */
  putVectors(
    workspaceId: string,
    embedder: EmbedderRef,
    vectors: readonly NewVector[],
  ): Promise<number>;
  /** Active memories without a vector of the set. */
  missingVectors(workspaceId: string, scan: VectorScan): Promise<readonly TextToEmbed[]>;
  /** Vectors of active memories by id; of some ids only, if they are named. */
  vectors(
    workspaceId: string,
    scan: VectorScan & { readonly ids?: readonly string[] },
  ): Promise<readonly StoredVector[]>;
}

/** Memories on PostgreSQL; `clock` says what time it is. */
export function createMemoryStore(
  database: Database,
  clock: () => Date = () => new Date(),
): MemoryStore {
  const { kysely } = database;
  const inOne = <T>(work: (trx: typeof kysely) => Promise<T>): Promise<T> =>
    kysely.transaction().execute(work);
  const kind = MEMORY_VECTORS;
  return {
    remember: (ws, memories, author) =>
      inOne((trx) => rememberAll(trx, ws, { memories, author, now: clock() })),
    get: (ws, id) => getMemory(kysely, ws, id),
    getMany: (ws, ids) => getMemories(kysely, ws, ids),
    list: (ws, filter, page) => listMemories(kysely, ws, { filter, page }),
    scopes: (ws, filter, page) => listScopes(kysely, ws, { ...filter, page }),
    scan: (ws, request) => scanMemories(kysely, ws, request),
    history: (ws, id, page) => memoryHistory(kysely, ws, { id, page }),
    edit: (ws, id, edit) =>
      inOne((trx) => editMemory(trx, ws, { id, edit, author: edit, now: clock() })),
    close: (ws, id, { invalidAt, ...author }) =>
      inOne((trx) => closeMemory(trx, ws, { id, invalidAt, author, now: clock() })),
    supersede: (ws, contradiction, author) =>
      inOne((trx) => supersedeMemory(trx, ws, { ...contradiction, author, now: clock() })),
    mark: (ws, id, marks) =>
      inOne((trx) => markMemory(trx, ws, { id, marks, author: marks, now: clock() })),
    touch: (ws, ids) => inOne((trx) => touchMemories(trx, ws, { ids, now: clock() })),
    due: (ws, limit) => dueMemories(kysely, ws, { now: clock(), limit }),
    workspacesDue: () => workspacesDue(kysely, clock()),
    archive: (ws, request) =>
      inOne((trx) => archiveMemories(trx, ws, { ...request, now: clock() })),
    consolidate: (ws, request) =>
      inOne((trx) => consolidate(trx, ws, { ...request, now: clock() })),
    restore: (ws, ids, author) =>
      inOne((trx) => restoreMemories(trx, ws, { ids, author, now: clock() })),
    delete: (ws, ids, author) =>
      inOne((trx) => deleteMemories(trx, ws, { ids, author, now: clock() })),
    deleteExpired: (ws, limit) => inOne((trx) => deleteExpired(trx, ws, { now: clock(), limit })),
    eraseUser: (ws, request) => inOne((trx) => eraseUser(trx, ws, { ...request, now: clock() })),
    erasure: (ws, id) => getErasure(kysely, ws, id),
    usage: (ws) => readUsage(kysely, ws),
    setLimit: (ws, limit) => setLimit(kysely, ws, limit),
    putVectors: (ws, embedder, vectors) =>
      inOne((trx) => putVectors(trx, ws, { kind, embedder, vectors })),
    missingVectors: (ws, scan) => missingVectors(kysely, ws, { ...scan, kind }),
    vectors: (ws, scan) => readVectors(kysely, ws, { ...scan, kind }),
  };
}
