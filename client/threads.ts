import type {
  CreateThreadRequest,
  ListThreadsQuery,
  PostMessageRequest,
} from '../contracts/thread.schema.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import type { Run, Thread, ThreadMessage } from '../contracts/records.ts';
import { createPaged, type Paged } from './paged.ts';
import {
  idempotencyHeader,
  segment,
  type CreateOptions,
  type RequestOptions,
} from './request-options.ts';
import type { Transport } from './transport.ts';

/** Conversations, each locked to the agent version it began with. */
export interface Threads {
  create(body: CreateThreadRequest, options?: RequestOptions): Promise<Thread>;
  get(threadId: string, options?: RequestOptions): Promise<Thread>;
  list(query?: ListThreadsQuery): Paged<Thread>;
  /** The conversation so far, oldest message first. */
  messages(threadId: string, query?: PageQuery): Paged<ThreadMessage>;
  /** Says something; the run that answers it comes back. */
  post(threadId: string, body: PostMessageRequest, options?: CreateOptions): Promise<Run>;
}

const THREADS = '/v1/threads';

/** The resource `threads`. */
export function createThreads(transport: Transport): Threads {
  const pathOf = (threadId: string): string => `${THREADS}/${segment(threadId)}`;
  const messagesOf = (threadId: string): string => `${pathOf(threadId)}/messages`;
  return {
    create: (body, options = {}) =>
      transport.json({
        method: 'POST',
        path: THREADS,
        body,
        signal: options.signal,
        repeat: 'refused',
      }),
    get: (threadId, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(threadId), signal }),
    list: (query = {}) => createPaged(transport, { path: THREADS, query }),
    messages: (threadId, query = {}) =>
      createPaged(transport, { path: messagesOf(threadId), query }),
    post: (threadId, body, options = {}) =>
      transport.json({
        method: 'POST',
        path: messagesOf(threadId),
        body,
        headers: idempotencyHeader(options),
        signal: options.signal,
      }),
  };
}
