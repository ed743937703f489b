import type {
  CreateMemoriesRequest,
  CreateMemoryRequest,
  ListMemoriesQuery,
  ListScopesQuery,
  MemoryFeedbackRequest,
  MemoryHistoryQuery,
  UpdateMemoryRequest,
} from '../contracts/memory.schema.ts';
import type { Erasure, Memory, MemoryEvent, MemoryUsage, ScopeCount } from '../contracts/memory.ts';
import type { Learned, MemoryAnswer } from '../contracts/recall.ts';
import { createPaged, type Paged } from './paged.ts';
import {
  idempotencyHeader,
  segment,
  type CreateOptions,
  type RequestOptions,
} from './request-options.ts';
import type { SearchMemoriesRequest } from '../contracts/recall.schema.ts';
import type { Transport } from './transport.ts';

/** Options of a call that may be made for one person: what is of others is not there. */
export interface ViewerOptions extends RequestOptions {
  readonly userId?: string;
}

/** Options of a change of a memory. */
export interface MemoryChangeOptions extends ViewerOptions {
  /** For the history. */
  readonly why?: string;
}

/** What a workspace remembers. */
export interface Memories {
  /** Remembers something, unless the same is remembered already. */
  create(body: CreateMemoryRequest, options?: CreateOptions): Promise<Learned>;
  /** Remembers several things; each has its answer, in their order. */
  createAll(body: CreateMemoriesRequest, options?: CreateOptions): Promise<readonly Learned[]>;
  get(memoryId: string, options?: ViewerOptions): Promise<Memory>;
  /** Newest first. */
  list(query?: ListMemoriesQuery): Paged<Memory>;
  search(body: SearchMemoriesRequest, options?: RequestOptions): Promise<MemoryAnswer>;
  update(memoryId: string, body: UpdateMemoryRequest, options?: ViewerOptions): Promise<Memory>;
  /** Keeps it from fading, or lets it fade again. */
  pin(memoryId: string, pinned: boolean, options?: MemoryChangeOptions): Promise<Memory>;
  /** Keeps it from every deletion, or releases it; for keys of admins. */
  hold(
    memoryId: string,
    held: boolean,
    options?: Omit<MemoryChangeOptions, 'userId'>,
  ): Promise<Memory>;
  archive(memoryId: string, options?: MemoryChangeOptions): Promise<Memory>;
  restore(memoryId: string, options?: MemoryChangeOptions): Promise<Memory>;
  delete(memoryId: string, options?: MemoryChangeOptions): Promise<void>;
  /** What happened to it, oldest first. */
  history(memoryId: string, query?: MemoryHistoryQuery): Paged<MemoryEvent>;
  /** Says whether it was of use when it was recalled. */
  judge(memoryId: string, body: MemoryFeedbackRequest, options?: ViewerOptions): Promise<Memory>;
  usage(options?: RequestOptions): Promise<MemoryUsage>;
  /** How much the workspace may remember; for keys of admins. */
  setLimit(limit: number, options?: RequestOptions): Promise<MemoryUsage>;
  /** Whose memories there are, and how many. */
  scopes(query?: ListScopesQuery): Paged<ScopeCount>;
  /** Erases a person everywhere, for good; for keys of admins. Answers with the proof. */
  eraseUser(userId: string, options?: RequestOptions): Promise<Erasure>;
  /** The proof once more, with what indexes have still to remove. */
  erasure(erasureId: string, options?: RequestOptions): Promise<Erasure>;
}

const MEMORIES = '/v1/memories';

/** The resource `memories`. */
export function createMemories(transport: Transport): Memories {
  return { ...writing(transport), ...reading(transport), ...changing(transport) };
}

const pathOf = (memoryId: string): string => `${MEMORIES}/${segment(memoryId)}`;

type Writing = 'create' | 'createAll' | 'search' | 'judge' | 'setLimit' | 'eraseUser';

function writing(transport: Transport): Pick<Memories, Writing> {
  return {
    create: (body, options = {}) =>
      transport.json({
        method: 'POST',
        path: MEMORIES,
        body,
        headers: idempotencyHeader(options),
        signal: options.signal,
      }),
    createAll: async (body, options = {}) => {
      const { items } = await transport.json<{ readonly items: readonly Learned[] }>({
        method: 'POST',
        path: `${MEMORIES}:batch`,
        body,
        headers: idempotencyHeader(options),
        signal: options.signal,
      });
      return items;
    },
    search: (body, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${MEMORIES}/search`, body, signal }),
    judge: (memoryId, body, { userId, signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `${pathOf(memoryId)}/feedback`,
        query: { userId },
        body,
        signal,
        repeat: 'refused',
      }),
    setLimit: (limit, { signal } = {}) =>
      transport.json({ method: 'PATCH', path: `${MEMORIES}/usage`, body: { limit }, signal }),
    eraseUser: (userId, { signal } = {}) =>
      transport.json({ method: 'DELETE', path: `/v1/users/${segment(userId)}/memories`, signal }),
  };
}

type Reading = 'get' | 'list' | 'history' | 'usage' | 'scopes' | 'erasure';

function reading(transport: Transport): Pick<Memories, Reading> {
  return {
    get: (memoryId, { userId, signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(memoryId), query: { userId }, signal }),
    list: (query = {}) => createPaged(transport, { path: MEMORIES, query }),
    history: (memoryId, query = {}) =>
      createPaged(transport, { path: `${pathOf(memoryId)}/history`, query }),
    usage: ({ signal } = {}) =>
      transport.json({ method: 'GET', path: `${MEMORIES}/usage`, signal }),
    scopes: (query = {}) => createPaged(transport, { path: `${MEMORIES}/scopes`, query }),
    erasure: (erasureId, { signal } = {}) =>
      transport.json({ method: 'GET', path: `/v1/erasures/${segment(erasureId)}`, signal }),
  };
}

/** A body, and the options beside it. */
type Change = ViewerOptions &
  UpdateMemoryRequest & { readonly pinned?: boolean; readonly held?: boolean };

type Changing = 'update' | 'pin' | 'hold' | 'archive' | 'restore' | 'delete';

function changing(transport: Transport): Pick<Memories, Changing> {
  const change = (
    method: 'POST' | 'PUT' | 'PATCH',
    path: string,
    { userId, signal, ...body }: Change,
  ): Promise<Memory> => transport.json({ method, path, query: { userId }, body, signal });
  return {
    update: (memoryId, body, options = {}) =>
      change('PATCH', pathOf(memoryId), { ...options, ...body }),
    pin: (memoryId, pinned, options = {}) =>
      change('PUT', `${pathOf(memoryId)}/pin`, { ...options, pinned }),
    hold: (memoryId, held, options = {}) =>
      change('PUT', `${pathOf(memoryId)}/legal-hold`, { ...options, held }),
    archive: (memoryId, options = {}) => change('POST', `${pathOf(memoryId)}/archive`, options),
    restore: (memoryId, options = {}) => change('POST', `${pathOf(memoryId)}/restore`, options),
    delete: (memoryId, { userId, why, signal } = {}) =>
      transport.json({
        method: 'DELETE',
        path: pathOf(memoryId),
        query: { userId, why },
        signal,
      }),
  };
}
