import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { ErasedCounts } from '../../contracts/memory.ts';
import { noteChanges } from '../projections/note-changes.ts';
import type { Tables } from '../tables.ts';

/** Whose things are erased, and by which erasure. */
export interface ErasedPerson {
  readonly workspaceId: string;
  readonly userId: string;
  readonly erasureId: string;
}

/** Removes a person's documents with all that was made of them; answers with what there was. */
export async function eraseDocuments(
  trx: Kysely<Tables>,
  { workspaceId, userId, erasureId }: ErasedPerson,
): Promise<Pick<ErasedCounts, 'documents' | 'chunks' | 'chunkVectors' | 'ingestions'>> {
  const mine = sql`d.workspace_id = ${workspaceId} and d.user_id = ${userId}`;
  return deleteDocuments(trx, { workspaceId, erasureId, only: mine });
}

/** Deletes documents with their contents, pieces, vectors and ingestions. `only` is SQL on `d`. */
export async function deleteDocuments(
  trx: Kysely<Tables>,
  request: {
    readonly workspaceId: string;
    readonly only: RawBuilder<unknown>;
    readonly erasureId?: string;
  },
): Promise<Pick<ErasedCounts, 'documents' | 'chunks' | 'chunkVectors' | 'ingestions'>> {
  const { workspaceId, only, erasureId } = request;
  const { rows: documents } = await sql<{ readonly id: string }>`
    select d.id from documents d where ${only} order by d.id for update`.execute(trx);
  const ids = documents.map(({ id }) => id);
  const { rows: chunks } = await sql<{ readonly id: string; readonly version: number }>`
    select c.id, c.version + 1 as version from chunks c
    where c.workspace_id = ${workspaceId} and c.document_id = any(${ids}::text[])`.execute(trx);
  const { rows: counts } = await sql<{ readonly vectors: number; readonly ingestions: number }>`
    select
      (select count(*) from chunk_vectors v join chunks c
        on c.workspace_id = v.workspace_id and c.id = v.chunk_id
        where c.workspace_id = ${workspaceId} and c.document_id = any(${ids}::text[])) as vectors,
      (select count(*) from ingestions i where i.workspace_id = ${workspaceId}
        and i.document_id = any(${ids}::text[])) as ingestions`.execute(trx);
  await noteChanges(trx, {
    workspaceId,
    subject: 'chunk',
    op: 'delete',
    items: chunks,
    ...(erasureId === undefined ? {} : { erasureId }),
  });
  await trx
    .deleteFrom('documents')
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
  return {
    documents: ids.length,
    chunks: chunks.length,
    chunkVectors: counts[0]?.vectors ?? 0,
    ingestions: counts[0]?.ingestions ?? 0,
  };
}
