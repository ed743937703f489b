import type { Schemas } from '@qdrant/js-client-rest';
import { inScope, type Condition, type Scope } from './filter.ts';
import { pointIdOf } from './point-id.ts';
import type { QdrantCollection } from './collection.ts';
import type { PreparedEntry } from './point.ts';

type Operation = Schemas['UpdateOperation'];

const REMOVED: Condition = { key: 'state', match: { value: 'removed' } };
/** An entry, and no removal to be remembered. */
export const NOT_REMOVED: Condition = { must_not: [REMOVED] };

/**
 * Writes points of one generation. What decides between two versions of an entry is a condition that
 * Qdrant checks while it writes, not something read before: two writers at the same time leave the higher
 * version. `strong` order makes replicas decide alike.
 */
export class PointWriter {
  readonly #collection: QdrantCollection;

  constructor(collection: QdrantCollection) {
    this.#collection = collection;
  }

  /** Adds entries, or replaces those of lower or equal version, and what was removed. */
  async put(scope: Scope, entries: readonly PreparedEntry[]): Promise<void> {
    const unchanged = await this.#unchanged(scope, entries);
    const groups = byVersion(entries).map(([version, group]): Operation => {
      const handled = group.filter(({ id }) => unchanged.has(id));
      const older: Condition = { should: [{ key: 'version', range: { lte: version } }, REMOVED] };
      const untouched = handled.length === 0 ? [] : [isOneOf(handled, version)];
      const update_filter = { must: [older], must_not: untouched };
      return { upsert: { points: group.map((entry) => toPoint(scope, entry)), update_filter } };
    });
    const payloads = entries.filter(({ id }) => unchanged.has(id)).map(toPayloadChange(scope));
    await this.#update([...payloads, ...groups]);
  }

  /** Adds what a rebuild reads, unless something newer was written or it was removed meanwhile. */
  async fill(scope: Scope, entries: readonly PreparedEntry[]): Promise<void> {
    const groups = byVersion(entries).map(([version, group]): Operation => {
      const update_filter = { must: [{ key: 'version', range: { lte: version } }] };
      return { upsert: { points: group.map((entry) => toPoint(scope, entry)), update_filter } };
    });
    await this.#update(groups);
  }

  async remove({ workspaceId, generation }: Scope, ids: readonly string[]): Promise<void> {
    const points = ids.map((id) => pointIdOf(workspaceId, generation, id));
    await this.#update([{ delete: { points } }]);
  }

  /** Remembers removals: a rebuild that reads these entries later does not bring them back. */
  async bury(scope: Scope, ids: readonly string[]): Promise<void> {
    const { workspaceId, generation } = scope;
    const points = ids.map((id) => ({
      id: pointIdOf(workspaceId, generation, id),
      vector: {},
      payload: { ns: workspaceId, generation, state: 'removed' },
    }));
    await this.#update([{ upsert: { points } }]);
  }

  /** Forgets the removals that a rebuild had to know of. */
  async forgetRemovals(scope: Scope): Promise<void> {
    await this.#update([{ delete: { filter: inScope(scope, [REMOVED]) } }]);
  }

  async removeGeneration(scope: Scope): Promise<void> {
    await this.#update([{ delete: { filter: inScope(scope) } }]);
  }

  async removeWorkspace(workspaceId: string): Promise<void> {
    const filter = { must: [{ key: 'ns', match: { value: workspaceId } }] };
    await this.#update([{ delete: { filter } }]);
  }

  /** Those that differ in their payload at most. They may change before the write, which looks again. */
  async #unchanged(scope: Scope, entries: readonly PreparedEntry[]): Promise<ReadonlySet<string>> {
    const digests = new Map(entries.map(({ id, digest }) => [digest, id]));
    const ids = entries.map(({ id }) => pointIdOf(scope.workspaceId, scope.generation, id));
    const points = await this.#collection.call((client, name) =>
      client.retrieve(name, { ids, with_payload: ['digest'] }),
    );
    const known = points.flatMap(({ payload }) => {
      const id = digests.get(String(payload?.digest));
      return id === undefined ? [] : [id];
    });
    return new Set(known);
  }

  async #update(operations: Operation[]): Promise<void> {
    await this.#collection.call((client, name) =>
      client.batchUpdate(name, { operations, wait: true, ordering: 'strong' }),
    );
  }
}

function toPoint(
  { workspaceId, generation }: Scope,
  { id, vector, payload }: PreparedEntry,
): Schemas['PointStruct'] {
  return {
    id: pointIdOf(workspaceId, generation, id),
    vector,
    payload: { ...payload, ns: workspaceId, generation },
  };
}

/** Replaces the payload alone: text and vectors are not indexed anew. */
function toPayloadChange(scope: Scope): (entry: PreparedEntry) => Operation {
  return (entry) => {
    const { id, payload } = toPoint(scope, entry);
    const filter = inScope(scope, [
      { has_id: [id] },
      { key: 'digest', match: { value: entry.digest } },
      { key: 'version', range: { lte: entry.version } },
    ]);
    return { overwrite_payload: { payload: payload ?? {}, filter } };
  };
}

/** Stored as one of these, at that version. */
function isOneOf(entries: readonly PreparedEntry[], version: number): Condition {
  const any = entries.map(({ digest }) => digest);
  return {
    must: [
      { key: 'digest', match: { any } },
      { key: 'version', range: { gte: version, lte: version } },
    ],
  };
}

/** Entries of one version share a condition; each id comes once, the last of its highest version. */
function byVersion(
  entries: readonly PreparedEntry[],
): readonly (readonly [number, readonly PreparedEntry[]])[] {
  const newest = new Map<string, PreparedEntry>();
  for (const entry of entries) {
    if (entry.version >= (newest.get(entry.id)?.version ?? -Infinity)) newest.set(entry.id, entry);
  }
  const groups = new Map<number, PreparedEntry[]>();
  for (const entry of newest.values()) {
    const group = groups.get(entry.version);
    if (group === undefined) groups.set(entry.version, [entry]);
    else group.push(entry);
  }
  return [...groups];
}
