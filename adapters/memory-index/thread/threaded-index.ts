import { Worker } from 'node:worker_threads';
import { AppError } from '../../../contracts/app-error.ts';
import { isErrorCode } from '../../../contracts/errors.ts';
import type {
  Capability,
  IndexAnswer,
  IndexEntry,
  IndexQuery,
  IndexStats,
  MemoryIndex,
  TermFrequencies,
} from '../port.ts';
import type { FromThread, ThreadCalls, ToThread } from './messages.ts';

const ENTRIES_PER_MESSAGE = 200;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The in-process index in a thread of its own: a search among many entries, or a rebuild, holds up nobody
 * else. When the thread ends, every call fails with `service.unavailable`; open another one and rebuild.
 */
export class ThreadedIndex implements MemoryIndex {
  readonly capabilities: readonly Capability[] = [
    'lexical',
    'dense',
    'neighbours',
    'session_prior',
    'decay',
  ];
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #alive = true;

  constructor() {
    this.#worker = new Worker(new URL('./index-thread.ts', import.meta.url));
    // An idle one must not keep the process.
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
  }

  upsert(workspaceId: string, entries: readonly IndexEntry[]): Promise<void> {
    return this.#call('upsert', [workspaceId, entries]);
  }

  remove(workspaceId: string, ids: readonly string[]): Promise<void> {
    return this.#call('remove', [workspaceId, ids]);
  }

  frequencies(
    workspaceId: string,
    asked: Pick<IndexEntry, 'profile' | 'text'>,
  ): Promise<TermFrequencies | null> {
    return this.#call('frequencies', [workspaceId, asked]);
  }

  search(workspaceId: string, query: IndexQuery): Promise<IndexAnswer> {
    return this.#call('search', [workspaceId, query]);
  }

  stats(workspaceId: string): Promise<IndexStats> {
    return this.#call('stats', [workspaceId]);
  }

  drop(workspaceId: string): Promise<void> {
    return this.#call('drop', [workspaceId]);
  }

  async rebuild(workspaceId: string, entries: AsyncIterable<IndexEntry>): Promise<number> {
    const rebuild = await this.#call('beginRebuild', [workspaceId]);
    // Why it takes no more, its end will tell.
    const feed = (batch: readonly IndexEntry[]): Promise<boolean> =>
      this.#call('feedRebuild', [rebuild, batch]).then(
        () => true,
        () => false,
      );
    try {
      let batch: IndexEntry[] = [];
      for await (const entry of entries) {
        batch.push(entry);
        if (batch.length < ENTRIES_PER_MESSAGE) continue;
        if (!(await feed(batch))) break;
        batch = [];
      }
      await feed(batch);
    } catch (error) {
      await this.#call('endRebuild', [rebuild, false]).catch(() => undefined);
      throw error;
    }
    return this.#call('endRebuild', [rebuild, true]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.#worker.terminate();
  }

  #call<Method extends keyof ThreadCalls>(
    method: Method,
    args: Parameters<ThreadCalls[Method]>,
  ): ReturnType<ThreadCalls[Method]> {
    // The thread answers each call with the result of that method.
    return this.#ask(method, args) as ReturnType<ThreadCalls[Method]>;
  }

  #ask(method: keyof ThreadCalls, args: readonly unknown[]): Promise<unknown> {
    if (!this.#alive) return Promise.reject(closed());
    this.#calls += 1;
    const call = this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      // Whoever waits for an answer keeps the process.
      if (this.#waiting.size === 1) this.#worker.ref();
      this.#worker.postMessage({ call, method, args } satisfies ToThread);
    });
  }

  #receive(message: FromThread): void {
    const waiting = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('value' in message) waiting?.resolve(message.value);
    else waiting?.reject(toError(message));
  }

  #end(): void {
    this.#alive = false;
    for (const { reject } of this.#waiting.values()) reject(closed());
    this.#waiting.clear();
  }
}

function closed(): AppError {
  return new AppError('service.unavailable', 'the index is closed');
}

function toError({ code, message }: { readonly code: string | null; readonly message: string }) {
  return isErrorCode(code) ? new AppError(code, message) : new Error(message);
}
