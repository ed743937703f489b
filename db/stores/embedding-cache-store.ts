import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../database.ts';
import type { Tables } from '../tables.ts';

/** Whose vectors: a set of them, and what the texts were embedded for. */
export interface CachedSet {
  /** As `vectorSetOf` names it. */
  readonly set: string;
  readonly use: 'query' | 'document';
}

/** A vector and the SHA-256 of its text, in hex. */
export interface CachedVector {
  readonly hash: string;
  readonly vector: Float32Array;
}

/** Vectors of texts by the texts' hashes. Losing any of it costs embedding anew, and nothing else. */
export interface EmbeddingCacheStore {
  /** Those that are kept, by hash; counts as a use. At most `LIMITS.memoryBatch` hashes. */
  get(
    workspaceId: string,
    set: CachedSet,
    hashes: readonly string[],
  ): Promise<ReadonlyMap<string, Float32Array>>;
  /** Keeps vectors; what is kept already stays. At most `LIMITS.memoryBatch`. */
  put(workspaceId: string, set: CachedSet, vectors: readonly CachedVector[]): Promise<void>;
  /** Forgets all of a workspace: after an erasure nothing of an erased text may stay. */
  clear(workspaceId: string): Promise<number>;
  /**
   * Removes what was not used for long, and from workspaces that have too much what was used longest
   * ago; at most `limit`. Answers with how many; call it again while that is `limit`.
   */
  prune(limit: number): Promise<number>;
}

/** A use is noted this often: a write for each reading would cost more than the reading. */
const NOTE_USE_MS = 3_600_000;

/** The cache on PostgreSQL; `clock` says what time it is. */
export function createEmbeddingCacheStore(
  { kysely }: Database,
  clock: () => Date = () => new Date(),
): EmbeddingCacheStore {
  return {
    get: (ws, set, hashes) => getVectors(kysely, ws, { set, hashes, now: clock() }),
    put: (ws, set, vectors) => putVectors(kysely, ws, { set, vectors, now: clock() }),
    clear: async (ws) => {
      const { numDeletedRows } = await kysely
        .deleteFrom('embedding_cache')
        .where('workspace_id', '=', ws)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
    prune: async (limit) => {
      const old = await pruneOld(kysely, { now: clock(), limit });
      return old + (await pruneMany(kysely, limit - old));
    },
  };
}

async function getVectors(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: { readonly set: CachedSet; readonly hashes: readonly string[]; readonly now: Date },
): Promise<ReadonlyMap<string, Float32Array>> {
  const { set, hashes, now } = request;
  checkCount(hashes.length);
  const noted = new Date(now.getTime() - NOTE_USE_MS);
  const { rows } = await sql<{ readonly hash: Buffer; readonly vector: Buffer }>`
    with found as materialized (
      select ctid as place, hash, vector, last_used_at from embedding_cache
      where workspace_id = ${workspaceId} and embedder_set = ${set.set} and use = ${set.use}
        and hash = any(${hashes.map(toBytes)}::bytea[])
    ), noted as (
      update embedding_cache set last_used_at = ${now} where ctid = any(array(
        select c.ctid from embedding_cache c join found f on c.ctid = f.place
        where f.last_used_at < ${noted} for update of c skip locked))
    )
    select hash, vector from found`.execute(kysely);
  return new Map(rows.map(({ hash, vector }) => [hash.toString('hex'), toFloats(vector)]));
}

async function putVectors(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: {
    readonly set: CachedSet;
    readonly vectors: readonly CachedVector[];
    readonly now: Date;
  },
): Promise<void> {
  const { set, vectors, now } = request;
  checkCount(vectors.length);
  const hashes = vectors.map(({ hash }) => toBytes(hash));
  const values = vectors.map(({ vector }) =>
    Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
  );
  // In one order, so that writers of the same texts wait for each other instead of deadlocking.
  await sql`
    insert into embedding_cache (workspace_id, embedder_set, use, hash, vector, last_used_at)
    select ${workspaceId}, ${set.set}, ${set.use}, n.hash, n.vector, ${now}::timestamptz
    from unnest(${hashes}::bytea[], ${values}::bytea[]) as n (hash, vector)
    order by n.hash
    on conflict do nothing`.execute(kysely);
}

async function pruneOld(
  kysely: Kysely<Tables>,
  { now, limit }: { readonly now: Date; readonly limit: number },
): Promise<number> {
  const before = new Date(now.getTime() - LIMITS.embeddingCacheMs);
  const { rows } = await sql`
    delete from embedding_cache where ctid = any(array(
      select ctid from embedding_cache where last_used_at < ${before}
      order by last_used_at limit ${limit} for update skip locked))
    returning 1`.execute(kysely);
  return rows.length;
}

async function pruneMany(kysely: Kysely<Tables>, limit: number): Promise<number> {
  const { rows } = await sql`
    with many as (
      select workspace_id, count(*) - ${LIMITS.embeddingCacheEntries} as surplus
      from embedding_cache group by workspace_id
      having count(*) > ${LIMITS.embeddingCacheEntries}
    ), surplus as (
      select oldest.place from many, lateral (
        select ctid as place from embedding_cache c where c.workspace_id = many.workspace_id
        order by c.last_used_at limit least(many.surplus, ${limit})
      ) oldest limit ${limit}
    )
    delete from embedding_cache where ctid = any(array(select place from surplus))
    returning 1`.execute(kysely);
  return rows.length;
}

function checkCount(count: number): void {
  if (count <= LIMITS.memoryBatch) return;
  throw new AppError('embedding.invalid', `more than ${LIMITS.memoryBatch} vectors at once`);
}

function toBytes(hash: string): Buffer {
  return Buffer.from(hash, 'hex');
}

/** Copied, because a buffer of the driver begins anywhere and floats do not. */
function toFloats(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
