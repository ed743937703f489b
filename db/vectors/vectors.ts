import type {
  EmbedderRef,
  NewVector,
  StoredVector,
  TextToEmbed,
} from '../../contracts/embedding.ts';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { noteAgain } from '../projections/note-changes.ts';
import { sql, type Kysely } from 'kysely';
import type { Tables } from '../tables.ts';

/** Names of what has vectors: its table, that of its vectors, and how they say what is current. */
export interface VectorKind {
  readonly table: 'memories' | 'chunks';
  readonly vectors: 'memory_vectors' | 'chunk_vectors';
  readonly owner: 'memory_id' | 'chunk_id';
  readonly hash: 'text_hash' | 'hash';
  readonly subject: 'memory' | 'chunk';
  /** SQL on `t`. */
  readonly current: string;
}

/** Vectors of memories. */
export const MEMORY_VECTORS: VectorKind = {
  table: 'memories',
  vectors: 'memory_vectors',
  owner: 'memory_id',
  hash: 'text_hash',
  subject: 'memory',
  current: `t.status = 'active'`,
};
/** Vectors of pieces of documents. */
export const CHUNK_VECTORS: VectorKind = {
  table: 'chunks',
  vectors: 'chunk_vectors',
  owner: 'chunk_id',
  hash: 'hash',
  subject: 'chunk',
  current: 'true',
};

/** A part of a set of vectors, by id. */
export interface VectorScan {
  readonly embedder: EmbedderRef;
  /** The last one seen; absent at first. */
  readonly afterId?: string;
  /** At most `LIMITS.memoryBatch`. */
  readonly limit: number;
}

/**
 * Keeps vectors of one set and tells projections of them; answers with how many. Belongs into a
 * transaction. Throws `embedding.invalid`.
 */
export async function putVectors(
  trx: Kysely<Tables>,
  workspaceId: string,
  request: {
    readonly kind: VectorKind;
    readonly embedder: EmbedderRef;
    readonly vectors: readonly NewVector[];
  },
): Promise<number> {
  const { kind, embedder, vectors } = request;
  checkVectors(embedder, vectors);
  const ids = vectors.map(({ id }) => id);
  const hashes = vectors.map(({ hash }) => hash);
  const bytes = vectors.map(({ vector }) => toBytes(vector));
  const owner = sql.ref(kind.owner);
  const { rows } = await sql<{ readonly id: string }>`
    insert into ${sql.table(kind.vectors)} as v
      (workspace_id, ${owner}, embedder, revision, dim, vector)
    select t.workspace_id, t.id, ${embedder.id}, ${embedder.revision}, ${embedder.dim}::int, n.vector
    from unnest(${ids}::text[], ${hashes}::text[], ${bytes}::bytea[]) as n (id, hash, vector)
    join ${sql.table(kind.table)} t on t.workspace_id = ${workspaceId} and t.id = n.id
      and t.${sql.ref(kind.hash)} = n.hash
    order by t.id
    for key share of t
    on conflict (workspace_id, ${owner}, embedder, revision)
      do update set dim = excluded.dim, vector = excluded.vector
    returning v.${owner} as id`.execute(trx);
  const known = await sql<{ readonly id: string; readonly version: number }>`
    select t.id, t.version from ${sql.table(kind.table)} t
    where t.workspace_id = ${workspaceId} and t.id = any(${rows.map(({ id }) => id)}::text[])
      and ${sql.raw(kind.current)}`.execute(trx);
  await noteAgain(trx, { workspaceId, subject: kind.subject, items: known.rows });
  return rows.length;
}

/** Texts that the set has no vector of, by id. */
export async function missingVectors(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: VectorScan & { readonly kind: VectorKind; readonly documentId?: string },
): Promise<readonly TextToEmbed[]> {
  const { kind, embedder, afterId = '', limit, documentId } = request;
  const only = documentId === undefined ? sql`true` : sql`t.document_id = ${documentId}`;
  const { rows } = await sql<TextToEmbed>`
    select t.id, t.text, t.${sql.ref(kind.hash)} as hash from ${sql.table(kind.table)} t
    where t.workspace_id = ${workspaceId} and t.id > ${afterId} and ${sql.raw(kind.current)}
      and ${only} and not exists (select from ${sql.table(kind.vectors)} v
        where v.workspace_id = t.workspace_id and v.${sql.ref(kind.owner)} = t.id
          and v.embedder = ${embedder.id} and v.revision = ${embedder.revision})
    order by t.id limit ${Math.min(limit, LIMITS.memoryBatch)}`.execute(kysely);
  return rows;
}

/** Vectors of one set by id: all in parts, or those of some ids. */
export async function readVectors(
  kysely: Kysely<Tables>,
  workspaceId: string,
  request: VectorScan & { readonly kind: VectorKind; readonly ids?: readonly string[] },
): Promise<readonly StoredVector[]> {
  const { kind, embedder, afterId = '', limit, ids } = request;
  const owner = sql.ref(kind.owner);
  const only = ids === undefined ? sql`true` : sql`v.${owner} = any(${ids}::text[])`;
  const { rows } = await sql<{ readonly id: string; readonly vector: Buffer }>`
    select v.${owner} as id, v.vector from ${sql.table(kind.vectors)} v
    join ${sql.table(kind.table)} t on t.workspace_id = v.workspace_id and t.id = v.${owner}
    where v.workspace_id = ${workspaceId} and v.${owner} > ${afterId}
      and v.embedder = ${embedder.id} and v.revision = ${embedder.revision}
      and ${sql.raw(kind.current)} and ${only}
    order by v.${owner} limit ${Math.min(limit, LIMITS.memoryBatch)}`.execute(kysely);
  return rows.map((row) => ({ id: row.id, vector: fromBytes(row.vector) }));
}

function checkVectors(embedder: EmbedderRef, vectors: readonly NewVector[]): void {
  if (vectors.length > LIMITS.memoryBatch) {
    throw new AppError('embedding.invalid', `more than ${LIMITS.memoryBatch} vectors at once`);
  }
  for (const { vector } of vectors) {
    if (vector.length === embedder.dim && vector.every(Number.isFinite)) continue;
    throw new AppError('embedding.invalid', `a vector has ${embedder.dim} finite numbers`);
  }
}

function toBytes(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** Copied, because a buffer of the driver begins anywhere and floats do not. */
function fromBytes(bytes: Buffer): Float32Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return new Float32Array(copy.buffer);
}
