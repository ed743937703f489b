import type {
  IndexAnswer,
  IndexEntry,
  IndexQuery,
  IndexStats,
  MemoryIndex,
  TermFrequencies,
} from '../../../adapters/memory-index/port.ts';
import {
  changedEntries,
  workspaceEntries,
  type Changed,
  type EntrySource,
} from './workspace-entries.ts';
import type { Rebuilt, SearchIndexes } from './search-indexes.ts';
import { AppError } from '../../../contracts/app-error.ts';
import { entryCount } from './shared-index.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { Projection } from '../../../contracts/projection.ts';
import type { ProjectionStore } from '../../../db/stores/projection-store.ts';

/** What indexes within a process are made of. */
export interface EmbeddedIndexesDeps {
  /** Opens an empty index; another one when the one before has ended. */
  readonly open: () => MemoryIndex;
  readonly source: EntrySource;
  readonly projections: Pick<ProjectionStore, 'changes'>;
  /** Workspaces searched longest ago leave the memory when all together are larger. */
  readonly maxBytes: number;
  readonly onFault: (fault: { readonly workspaceId: string; readonly error: unknown }) => void;
  readonly now?: () => number;
}

interface Tenant {
  readonly ready: Promise<void>;
  isReady: boolean;
  usedAt: number;
  bytes: number;
  /** Searches under way: it stays while there are any. */
  searches: number;
}

const SUBJECTS = ['memory', 'chunk'] as const;

/** Indexes within this process, each made when its workspace is first searched. */
export function createEmbeddedIndexes(deps: EmbeddedIndexesDeps): SearchIndexes {
  return new EmbeddedIndexes(deps);
}

class EmbeddedIndexes implements SearchIndexes {
  readonly kind = 'embedded';
  readonly #deps: EmbeddedIndexesDeps;
  readonly #tenants = new Map<string, Tenant>();
  /** Opened when it is first needed: a process that never searches has none. */
  #opened: MemoryIndex | null = null;
  #cursor: string | null = null;
  #followedAt = 0;
  #following: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(deps: EmbeddedIndexesDeps) {
    this.#deps = deps;
  }

  search(workspaceId: string, query: IndexQuery): Promise<IndexAnswer> {
    return this.#ask(workspaceId, (index) => index.search(workspaceId, query));
  }

  frequencies(
    workspaceId: string,
    asked: Pick<IndexEntry, 'profile' | 'text'>,
  ): Promise<TermFrequencies | null> {
    return this.#ask(workspaceId, (index) => index.frequencies(workspaceId, asked));
  }

  async written(workspaceId: string, changed: Changed): Promise<void> {
    if (this.#tenants.has(workspaceId)) await this.#apply(workspaceId, changed);
  }

  /** One at a time: two readers of one feed would each apply all of it. */
  follow(): Promise<void> {
    const next = this.#following.then(() => this.#follow());
    this.#following = next.catch(() => undefined);
    return next;
  }

  async rebuild(workspaceId: string): Promise<Rebuilt> {
    await this.#load(workspaceId);
    const before = entryCount(await this.#index.stats(workspaceId));
    const entries = workspaceEntries(this.#deps.source, workspaceId);
    return { before, after: await this.#index.rebuild(workspaceId, entries) };
  }

  stats(workspaceId: string): Promise<IndexStats> {
    return this.#within(workspaceId, () => this.#index.stats(workspaceId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#opened?.[Symbol.asyncDispose]();
    await this.#following;
  }

  /** An index that has ended, its thread for example, is asked no more: another one answers. */
  async #ask<T>(workspaceId: string, question: (index: MemoryIndex) => Promise<T>): Promise<T> {
    const index = this.#index;
    try {
      return await this.#within(workspaceId, () => question(index));
    } catch (error) {
      if (!(await this.#hasEnded(index, error))) throw error;
      return this.#within(workspaceId, () => question(this.#index));
    }
  }

  async #within<T>(workspaceId: string, work: () => Promise<T>): Promise<T> {
    const tenant = await this.#load(workspaceId);
    tenant.searches += 1;
    try {
      return await work();
    } finally {
      tenant.searches -= 1;
    }
  }

  async #load(workspaceId: string): Promise<Tenant> {
    for (;;) {
      const tenant = this.#tenants.get(workspaceId) ?? this.#open(workspaceId);
      tenant.usedAt = this.#now();
      await tenant.ready;
      // It may have left the memory while others were waiting for it too.
      if (this.#tenants.get(workspaceId) === tenant) return tenant;
    }
  }

  #open(workspaceId: string): Tenant {
    // Known from here on, so that no change is missed between what is read and what follows.
    const tenant: Tenant = {
      ready: this.#fill(workspaceId).then(() => {
        tenant.isReady = true;
      }),
      isReady: false,
      usedAt: this.#now(),
      bytes: 0,
      searches: 0,
    };
    this.#tenants.set(workspaceId, tenant);
    tenant.ready.catch(() => {
      if (this.#tenants.get(workspaceId) === tenant) this.#tenants.delete(workspaceId);
    });
    return tenant;
  }

  async #fill(workspaceId: string): Promise<void> {
    await this.#beginToFollow();
    await this.#index.rebuild(workspaceId, workspaceEntries(this.#deps.source, workspaceId));
    await this.#measure(workspaceId);
  }

  /** The feed begins before the rows are read: what changes in between comes twice, not never. */
  async #beginToFollow(): Promise<void> {
    if (this.#cursor !== null) return;
    const { cursor } = await this.#deps.projections.changes({ subjects: SUBJECTS, limit: 1 });
    this.#cursor ??= cursor;
    this.#followedAt = this.#now();
  }

  async #follow(): Promise<void> {
    if (this.#cursor === null || this.#isClosed) return;
    // Behind a long absence the changes may be forgotten: everything is read anew.
    if (this.#now() - this.#followedAt > LIMITS.projectionKeepMs / 2) this.#forgetAll();
    for (;;) {
      const cursor = this.#cursor as string | null;
      if (cursor === null) return;
      const page = await this.#deps.projections.changes({
        subjects: SUBJECTS,
        limit: LIMITS.memoryBatch,
        cursor,
      });
      await this.#applyAll(page.items);
      this.#cursor = page.cursor;
      this.#followedAt = this.#now();
      if (!page.more) return;
    }
  }

  async #applyAll(items: readonly Projection[]): Promise<void> {
    const groups = Map.groupBy(items, ({ workspaceId, subject }) => `${workspaceId} ${subject}`);
    for (const group of groups.values()) {
      const [{ workspaceId, subject } = { workspaceId: '', subject: 'entity' as const }] = group;
      if (!this.#tenants.has(workspaceId)) continue;
      if (subject !== 'memory' && subject !== 'chunk') continue;
      try {
        await this.#apply(workspaceId, { subject, ids: group.map(({ subjectId }) => subjectId) });
        await this.#measure(workspaceId);
      } catch (error) {
        // Made anew at its next search: one workspace must not hold up the others.
        this.#deps.onFault({ workspaceId, error });
        this.#tenants.delete(workspaceId);
      }
    }
  }

  async #apply(workspaceId: string, changed: Changed): Promise<void> {
    const { entries, gone } = await changedEntries(this.#deps.source, workspaceId, changed);
    await this.#index.upsert(workspaceId, entries);
    await this.#index.remove(workspaceId, gone);
  }

  async #measure(workspaceId: string): Promise<void> {
    const { bytes } = await this.#index.stats(workspaceId);
    const tenant = this.#tenants.get(workspaceId);
    if (tenant !== undefined) tenant.bytes = bytes.lexical + bytes.vectors + bytes.entries;
    await this.#makeRoom(workspaceId);
  }

  async #makeRoom(except: string): Promise<void> {
    const byUse = [...this.#tenants].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    let total = byUse.reduce((sum, [, { bytes }]) => sum + bytes, 0);
    for (const [workspaceId, tenant] of byUse) {
      if (total <= this.#deps.maxBytes) return;
      if (workspaceId === except || !tenant.isReady || tenant.searches > 0) continue;
      this.#tenants.delete(workspaceId);
      total -= tenant.bytes;
      await this.#index.drop(workspaceId);
    }
  }

  /** Whether the index itself is gone, its thread for example; then another one is there by now. */
  async #hasEnded(index: MemoryIndex, error: unknown): Promise<boolean> {
    if (this.#isClosed) return false;
    if (!(error instanceof AppError) || error.code !== 'service.unavailable') return false;
    if (this.#opened !== index) return true;
    const isAlive = await index.stats('').then(
      () => true,
      () => false,
    );
    if (isAlive) return false;
    // Another search may have noticed it meanwhile.
    if ((this.#opened as MemoryIndex | null) !== index) return true;
    this.#opened = null;
    this.#forgetAll();
    await index[Symbol.asyncDispose]();
    return true;
  }

  #forgetAll(): void {
    this.#tenants.clear();
    this.#cursor = null;
  }

  get #index(): MemoryIndex {
    if (this.#isClosed) throw new AppError('service.unavailable', 'the index is closed');
    this.#opened ??= this.#deps.open();
    return this.#opened;
  }

  #now(): number {
    return (this.#deps.now ?? Date.now)();
  }
}
