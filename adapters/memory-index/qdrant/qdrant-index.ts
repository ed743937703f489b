import { AppError } from '../../../contracts/app-error.ts';
import { checkQuery } from '../in-process/check-query.ts';
import { inScope } from './filter.ts';
import { GenerationStore } from './generations.ts';
import { NOT_REMOVED, PointWriter } from './point-writer.ts';
import { prepare, vectorNameOf, type PreparedEntry } from './point.ts';
import { Searcher } from './searcher.ts';
import type { QdrantCollection } from './collection.ts';
import type {
  Capability,
  IndexAnswer,
  IndexEntry,
  IndexQuery,
  IndexStats,
  MemoryIndex,
} from '../port.ts';

/** Entries per request: it stays below a few megabytes, also with long vectors. */
const BATCH = 100;
/** A search that a rebuild overtakes is asked again; more often than this none is. */
const MAX_SEARCHES = 3;
const MAX_SEEN = 10_000;

/**
 * An index in Qdrant: one collection for all workspaces, told apart by a tenant's filter in every call. A
 * workspace's entries are in generations, so that a rebuild fills one while searches see another.
 */
export class QdrantIndex implements MemoryIndex {
  readonly capabilities: readonly Capability[] = ['lexical', 'dense', 'decay'];
  readonly #collection: QdrantCollection;
  readonly #generations: GenerationStore;
  readonly #writer: PointWriter;
  readonly #searcher: Searcher;
  /** Of workspaces searched lately; a guess, confirmed after each search. */
  readonly #seen = new Map<string, string>();
  /** Ends with the last rebuild of a workspace, however that went. */
  readonly #rebuilding = new Map<string, Promise<unknown>>();
  #closed = false;

  constructor(collection: QdrantCollection) {
    this.#collection = collection;
    this.#generations = new GenerationStore(collection);
    this.#writer = new PointWriter(collection);
    this.#searcher = new Searcher(collection);
  }

  async upsert(workspaceId: string, entries: readonly IndexEntry[]): Promise<void> {
    this.#checkOpen();
    const prepared = await this.#prepare(entries);
    for (const batch of batchesOf(prepared)) {
      await this.#writeAll(workspaceId, async (generation) => {
        await this.#writer.put({ workspaceId, generation }, batch);
      });
    }
  }

  async remove(workspaceId: string, ids: readonly string[]): Promise<void> {
    this.#checkOpen();
    for (const batch of batchesOf(ids)) {
      await this.#writeAll(workspaceId, async (generation, isNext) => {
        const scope = { workspaceId, generation };
        if (isNext) await this.#writer.bury(scope, batch);
        else await this.#writer.remove(scope, batch);
      });
    }
  }

  /** It counts terms, but tells nobody. */
  async frequencies(): Promise<null> {
    return null;
  }

  /** The generation is read after the search: had it been replaced, the search might have missed points. */
  async search(workspaceId: string, query: IndexQuery): Promise<IndexAnswer> {
    this.#checkOpen();
    checkQuery(query);
    let generation = this.#seen.get(workspaceId);
    for (let tries = 1; ; tries += 1) {
      generation ??= (await this.#generations.read(workspaceId)).current;
      const scope = { workspaceId, generation, profile: query.profile };
      const answer = await this.#searcher.search(scope, query);
      const { current } = await this.#generations.read(workspaceId);
      this.#note(workspaceId, current);
      if (current === generation || tries === MAX_SEARCHES) return answer;
      generation = current;
    }
  }

  /** Terms are not counted: Qdrant does not tell. */
  async stats(workspaceId: string): Promise<IndexStats> {
    this.#checkOpen();
    const { current: generation } = await this.#generations.read(workspaceId);
    const count = async (
      profile?: 'dialogue' | 'document',
      conditions: Parameters<typeof inScope>[1] = [],
    ): Promise<number> => {
      const scope = { workspaceId, generation, ...(profile === undefined ? {} : { profile }) };
      return this.#count(inScope(scope, conditions));
    };
    const vectors: [string, number][] = [];
    for (const set of await this.#collection.sets()) {
      const entries = await count(undefined, [{ has_vector: vectorNameOf(set) }]);
      if (entries > 0) vectors.push([set, entries]);
    }
    return {
      entries: { dialogue: await count('dialogue'), document: await count('document') },
      terms: 0,
      vectors: Object.fromEntries(vectors),
      bytes: { lexical: 0, vectors: 0, entries: 0 },
    };
  }

  /** A second rebuild of a workspace waits for the first; one in another process overtakes it. */
  async rebuild(workspaceId: string, entries: AsyncIterable<IndexEntry>): Promise<number> {
    this.#checkOpen();
    const before = this.#rebuilding.get(workspaceId) ?? Promise.resolve();
    const rebuilt = before.then(() => this.#rebuild(workspaceId, entries));
    const ended = rebuilt.catch(() => undefined);
    this.#rebuilding.set(workspaceId, ended);
    void ended.then(() => {
      if (this.#rebuilding.get(workspaceId) === ended) this.#rebuilding.delete(workspaceId);
    });
    return rebuilt;
  }

  /** A rebuild that is at it fails, having lost what it replaces. */
  async drop(workspaceId: string): Promise<void> {
    this.#checkOpen();
    await this.#writer.removeWorkspace(workspaceId);
    this.#seen.delete(workspaceId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#seen.clear();
  }

  async #rebuild(workspaceId: string, entries: AsyncIterable<IndexEntry>): Promise<number> {
    const { next, before } = await this.#generations.begin(workspaceId);
    const scope = { workspaceId, generation: next };
    let filled: number;
    try {
      await this.#fill(workspaceId, next, entries);
      filled = await this.#count(inScope(scope, [NOT_REMOVED]));
      await this.#generations.finish(workspaceId, next);
    } catch (error) {
      await this.#discard(workspaceId, next);
      throw error;
    }
    this.#note(workspaceId, next);
    await this.#writer.forgetRemovals(scope);
    for (const generation of [before.current, before.next]) {
      if (generation !== null) await this.#writer.removeGeneration({ workspaceId, generation });
    }
    return filled;
  }

  async #fill(
    workspaceId: string,
    generation: string,
    entries: AsyncIterable<IndexEntry>,
  ): Promise<void> {
    const scope = { workspaceId, generation };
    let batch: IndexEntry[] = [];
    const flush = async (): Promise<void> => {
      await this.#writer.fill(scope, await this.#prepare(batch));
      batch = [];
    };
    for await (const entry of entries) {
      batch.push(entry);
      if (batch.length === BATCH) await flush();
    }
    if (batch.length > 0) await flush();
  }

  /** What cannot be taken away now is taken away by the next rebuild; why this one failed is told. */
  async #discard(workspaceId: string, generation: string): Promise<void> {
    try {
      await this.#generations.abandon(workspaceId, generation);
      await this.#writer.removeGeneration({ workspaceId, generation });
    } catch {
      return;
    }
  }

  /**
   * Writes to the current generation and to one that a rebuild fills. It looks again afterwards: a rebuild
   * that began in between may have read the database before this change, and searches what it is told.
   */
  async #writeAll(
    workspaceId: string,
    write: (generation: string, isNext: boolean) => Promise<void>,
  ): Promise<void> {
    const written = new Set<string>();
    for (;;) {
      const { current, next } = await this.#generations.read(workspaceId);
      const left = [current, ...(next === null ? [] : [next])].filter((one) => !written.has(one));
      if (left.length === 0) return;
      for (const generation of left) {
        await write(generation, generation === next);
        written.add(generation);
      }
    }
  }

  /** All entries are checked before any is written. */
  async #prepare(entries: readonly IndexEntry[]): Promise<PreparedEntry[]> {
    const prepared = entries.map(prepare);
    await this.#collection.addSets(entries.flatMap(({ vectors }) => vectors));
    return prepared;
  }

  /** Emptied when full: a forgotten guess costs one request. */
  #note(workspaceId: string, generation: string): void {
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.set(workspaceId, generation);
  }

  async #count(filter: ReturnType<typeof inScope>): Promise<number> {
    const { count } = await this.#collection.call((client, name) =>
      client.count(name, { filter, exact: true }),
    );
    return count;
  }

  #checkOpen(): void {
    if (this.#closed) throw new AppError('service.unavailable', 'the index is closed');
  }
}

function batchesOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const batches: (readonly T[])[] = [];
  for (let from = 0; from < items.length; from += BATCH)
    batches.push(items.slice(from, from + BATCH));
  return batches;
}
