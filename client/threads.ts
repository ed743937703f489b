import type {
  CreateThreadRequest,
  ListThreadsQuery,
  PostMessageRequest,
} from '../contracts/thread.schema.ts';
import type { Feedback } from '../contracts/feedback.ts';
import type { GiveFeedbackRequest, ListFeedbackQuery } from '../contracts/feedback.schema.ts';
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
  /** Says what a person thinks of a message; the same kind once more replaces it. */
  giveFeedback(
    threadId: string,
    messageId: string,
    body: GiveFeedbackRequest & RequestOptions,
  ): Promise<Feedback>;
  /** Newest first. */
  feedback(threadId: string, query?: ListFeedbackQuery): Paged<Feedback>;
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
    giveFeedback: (threadId, messageId, { signal, ...body }) =>
      transport.json({
        method: 'POST',
        path: `${messagesOf(threadId)}/${segment(messageId)}/feedback`,
        body,
        signal,
      }),
    feedback: (threadId, query = {}) =>
      createPaged(transport, { path: `${pathOf(threadId)}/feedback`, query }),
  };
}
