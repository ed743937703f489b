import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../../contracts/app-error.ts';
import { checkQuery } from './check-query.ts';
import { WorkspaceIndex } from './workspace-index.ts';
import type {
  Capability,
  IndexAnswer,
  IndexEntry,
  IndexQuery,
  IndexStats,
  MemoryIndex,
  TermFrequencies,
} from '../port.ts';

/** After so many entries others get their turn. */
const ENTRIES_PER_TURN = 100;
const DEFAULT_MIN_GAPS = 1_000;

interface Tenant {
  current: WorkspaceIndex;
  /** What a rebuild has so far, and what was removed since it began. */
  next: { readonly index: WorkspaceIndex; readonly removed: Set<string> } | null;
  /** Ends with the last rebuild, however that went. */
  rebuilding: Promise<unknown>;
}

/** An index in this process's memory. */
export class InProcessIndex implements MemoryIndex {
  readonly capabilities: readonly Capability[] = [
    'lexical',
    'dense',
    'neighbours',
    'session_prior',
    'decay',
  ];
  readonly #tenants = new Map<string, Tenant>();
  readonly #minGaps: number;
  #closed = false;

  /** Gaps that removed entries leave are closed when there are `minGaps` of them. */
  constructor({ minGaps = DEFAULT_MIN_GAPS }: { readonly minGaps?: number } = {}) {
    this.#minGaps = minGaps;
  }

  async upsert(workspaceId: string, entries: readonly IndexEntry[]): Promise<void> {
    this.#checkOpen();
    for (const [index, entry] of entries.entries()) {
      if (index % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await setImmediate();
      const { current, next } = this.#tenant(workspaceId);
      current.upsert(entry);
      next?.index.upsert(entry);
      next?.removed.delete(entry.id);
    }
  }

  async remove(workspaceId: string, ids: readonly string[]): Promise<void> {
    this.#checkOpen();
    const tenant = this.#tenants.get(workspaceId);
    for (const id of ids) {
      tenant?.current.remove(id);
      tenant?.next?.index.remove(id);
      tenant?.next?.removed.add(id);
    }
  }

  async frequencies(
    workspaceId: string,
    asked: Pick<IndexEntry, 'profile' | 'text'>,
  ): Promise<TermFrequencies> {
    this.#checkOpen();
    return this.#current(workspaceId).frequencies(asked);
  }

  async search(workspaceId: string, query: IndexQuery): Promise<IndexAnswer> {
    this.#checkOpen();
    checkQuery(query);
    return this.#current(workspaceId).search(query);
  }

  async stats(workspaceId: string): Promise<IndexStats> {
    this.#checkOpen();
    return this.#current(workspaceId).stats();
  }

  /** A second rebuild of a workspace waits for the first. */
  async rebuild(workspaceId: string, entries: AsyncIterable<IndexEntry>): Promise<number> {
    this.#checkOpen();
    const tenant = this.#tenant(workspaceId);
    const rebuilt = tenant.rebuilding.then(() => this.#fill(tenant, entries));
    tenant.rebuilding = rebuilt.catch(() => undefined);
    return rebuilt;
  }

  async drop(workspaceId: string): Promise<void> {
    this.#checkOpen();
    this.#tenants.delete(workspaceId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#tenants.clear();
  }

  async #fill(tenant: Tenant, entries: AsyncIterable<IndexEntry>): Promise<number> {
    const next = { index: new WorkspaceIndex(this.#minGaps), removed: new Set<string>() };
    tenant.next = next;
    try {
      let read = 0;
      for await (const entry of entries) {
        read += 1;
        if (read % ENTRIES_PER_TURN === 0) await setImmediate();
        if (!next.removed.has(entry.id)) next.index.upsert(entry);
      }
      tenant.current = next.index;
      return next.index.count;
    } finally {
      tenant.next = null;
    }
  }

  /** What is read of a workspace; one that has nothing is not kept for that. */
  #current(workspaceId: string): WorkspaceIndex {
    return this.#tenants.get(workspaceId)?.current ?? new WorkspaceIndex(this.#minGaps);
  }

  #tenant(workspaceId: string): Tenant {
    let tenant = this.#tenants.get(workspaceId);
    if (tenant === undefined) {
      tenant = this.#newTenant();
      this.#tenants.set(workspaceId, tenant);
    }
    return tenant;
  }

  #newTenant(): Tenant {
    return {
      current: new WorkspaceIndex(this.#minGaps),
      next: null,
      rebuilding: Promise.resolve(),
    };
  }

  #checkOpen(): void {
    if (this.#closed) throw new AppError('service.unavailable', 'the index is closed');
  }
}
