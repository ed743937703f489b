import type { Thread, ThreadMessage } from '../../contracts/records.ts';
import type { Message } from '../../contracts/message.ts';
import type { Page, PageRequest } from './page.ts';

/** A conversation to be opened. */
export interface CreateThread {
  readonly agentId: string;
  readonly versionId: string;
  readonly title: string;
}

/** What a list of threads is narrowed to. */
export interface ThreadFilter {
  readonly agentId?: string;
}

/** Conversations and their messages. */
export interface ThreadStore {
  /** Throws `agent.version_not_found`. */
  create(workspaceId: string, input: CreateThread): Promise<Thread>;
  /** Throws `thread.not_found`. */
  get(workspaceId: string, threadId: string): Promise<Thread>;
  /** Newest first. */
  list(workspaceId: string, filter: ThreadFilter, page: PageRequest): Promise<Page<Thread>>;
  /** By position, oldest first. Throws `thread.not_found`. */
  messages(workspaceId: string, threadId: string, page: PageRequest): Promise<Page<ThreadMessage>>;
  /** Throws `thread.not_found`. */
  append(
    workspaceId: string,
    threadId: string,
    messages: readonly Message[],
  ): Promise<readonly ThreadMessage[]>;
  /** Id of the run that the thread waits for; null when it is free. */
  busyRun(workspaceId: string, threadId: string): Promise<string | null>;
}
