import type { ApiDeps, ApiTiming } from './deps.ts';
import type { StreamPosition } from '../db/stores/run-store.ts';

const POLL_GROWTH = 1.5;

/** One follower's view of what has events: a run, or an ingestion. */
export interface Follower<Batch> extends Disposable {
  /** What lies behind the position, in order; fewer than `limit` entries: that was all. */
  read(after: StreamPosition, limit: number): Promise<Batch>;
  /**
   * Resolves when it may have changed since the last call of `read` or `changed`, or since the
   * following began; when the time is over; or when the signal fires.
   */
  changed(signal: AbortSignal, timeoutMs?: number): Promise<void>;
  /** The same, but for changes with which it may have ended. */
  ended(signal: AbortSignal, timeoutMs?: number): Promise<void>;
}

/** Whom to follow, by the id that notices name. */
export interface FeedRef {
  readonly workspaceId: string;
  readonly id: string;
}

/** Followers in this process; those of one thing share its wake-ups and reads. */
export interface Feeds<Batch> {
  follow(ref: FeedRef): Follower<Batch>;
}

/** What feeds read from. */
export interface FeedDeps<Batch> extends Pick<ApiDeps, 'listener'> {
  readonly timing: ApiTiming;
  readonly read: (ref: FeedRef, after: StreamPosition, limit: number) => Promise<Batch>;
}

/** Feeds of what somebody follows now. */
export function createFeeds<Batch>(deps: FeedDeps<Batch>): Feeds<Batch> {
  const feeds = new Map<string, Feed<Batch>>();
  return {
    follow(ref) {
      const key = `${ref.workspaceId} ${ref.id}`;
      const feed = feeds.get(key) ?? new Feed(deps, ref);
      feeds.set(key, feed);
      return feed.join(() => feeds.delete(key));
    },
  };
}

/** Wakes all followers of one thing: on notice of a change, and by the clock if none comes. */
class Feed<Batch> {
  /** Counts changes; reads that began before one are not shared with those who come after it. */
  generation = 0;
  /** Counts the changes with which it may have ended. */
  endings = 0;
  readonly #deps: FeedDeps<Batch>;
  readonly #ref: FeedRef;
  readonly #wakers = new Set<() => void>();
  readonly #endWakers = new Set<() => void>();
  readonly #reads = new Map<string, Promise<Batch>>();
  #followers = 0;
  #pollMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(deps: FeedDeps<Batch>, ref: FeedRef) {
    this.#deps = deps;
    this.#ref = ref;
  }

  join(onEmpty: () => void): Follower<Batch> {
    if (this.#followers === 0) this.#open();
    this.#followers += 1;
    let seen = this.generation;
    let seenEndings = this.endings;
    let left = false;
    return {
      read: (after, limit) => {
        seen = this.generation;
        return this.#read(after, limit);
      },
      changed: async (signal, timeoutMs) => {
        const wakers = this.#wakers;
        if (seen === this.generation) await waitIn(wakers, signal, timeoutMs);
        seen = this.generation;
      },
      ended: async (signal, timeoutMs) => {
        const wakers = this.#endWakers;
        if (seenEndings === this.endings) await waitIn(wakers, signal, timeoutMs);
        seenEndings = this.endings;
      },
      [Symbol.dispose]: () => {
        if (left) return;
        left = true;
        this.#followers -= 1;
        if (this.#followers > 0) return;
        this.#close();
        onEmpty();
      },
    };
  }

  #open(): void {
    this.#pollMs = this.#deps.timing.pollMs;
    this.#unsubscribe = this.#deps.listener.subscribe(this.#ref.id, (mayHaveEnded) => {
      this.#pollMs = this.#deps.timing.pollMs;
      this.#wake(mayHaveEnded);
    });
    this.#poll();
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
  }

  /** What is quiet is looked at less and less often: thousands of them must not load the database. */
  #poll(): void {
    this.#timer = setTimeout(() => {
      this.#pollMs = Math.min(this.#pollMs * POLL_GROWTH, this.#deps.timing.maxPollMs);
      this.#wake(true);
      this.#poll();
    }, this.#pollMs);
  }

  #wake(mayHaveEnded: boolean): void {
    this.generation += 1;
    for (const wake of [...this.#wakers]) wake();
    if (!mayHaveEnded) return;
    this.endings += 1;
    for (const wake of [...this.#endWakers]) wake();
  }

  #read(after: StreamPosition, limit: number): Promise<Batch> {
    const key = `${this.generation} ${after.seq}.${after.sub} ${limit}`;
    const shared = this.#reads.get(key);
    if (shared !== undefined) return shared;
    const read = this.#deps.read(this.#ref, after, limit).finally(() => {
      this.#reads.delete(key);
    });
    this.#reads.set(key, read);
    return read;
  }
}

/** Waits to be woken, for the time to be over or for the signal. */
function waitIn(wakers: Set<() => void>, signal: AbortSignal, timeoutMs?: number): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      wakers.delete(done);
      resolve();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(done, timeoutMs);
    signal.addEventListener('abort', done);
    wakers.add(done);
  });
}
