import { numberPlace, rowsToRead, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely } from 'kysely';
import type { Chunk } from '../../contracts/knowledge.ts';
import { chunkFromRow } from '../rows/knowledge-row.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Tables } from '../tables.ts';

/** A part of all pieces, by id. */
export interface ChunkScan {
  /** The last one seen; absent at first. */
  readonly afterId?: string;
  /** At most `LIMITS.memoryBatch`. */
  readonly limit: number;
}

/** See `KnowledgeStore.chunks`. */
export async function getChunks(
  kysely: Kysely<Tables>,
  workspaceId: string,
  ids: readonly string[],
): Promise<readonly Chunk[]> {
  const rows = await kysely
    .selectFrom('chunks')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .execute();
  const byId = new Map(rows.map((row) => [row.id, chunkFromRow(row)]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** See `KnowledgeStore.listChunks`. */
export async function listChunks(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { documentId, page }: { readonly documentId: string; readonly page: PageRequest },
): Promise<Page<Chunk>> {
  const rows = await kysely
    .selectFrom('chunks')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('document_id', '=', documentId)
    .where('position', '>', numberPlace(page) ?? -1)
    .orderBy('position')
    .limit(rowsToRead(page))
    .execute();
  return toPage(rows, page, { item: chunkFromRow, place: (row) => [row.position] });
}

/** See `KnowledgeStore.scanChunks`. */
export async function scanChunks(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { afterId = '', limit }: ChunkScan,
): Promise<readonly Chunk[]> {
  const rows = await kysely
    .selectFrom('chunks')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(Math.min(limit, LIMITS.memoryBatch))
    .execute();
  return rows.map(chunkFromRow);
}

/** See `KnowledgeStore.unindexed`. */
export async function countUnindexed(
  kysely: Kysely<Tables>,
  workspaceId: string,
  documentId: string,
): Promise<number> {
  const { rows } = await sql<{ readonly waiting: number }>`
    select count(*) as waiting from chunks c
    join projection_outbox o on o.workspace_id = c.workspace_id and o.subject = 'chunk'
      and o.subject_id = c.id and o.done_at is null
    where c.workspace_id = ${workspaceId} and c.document_id = ${documentId}`.execute(kysely);
  return rows[0]?.waiting ?? 0;
}
