import type { Chunk, KnowledgeDocument } from '../../contracts/knowledge.ts';
import type { Selectable } from 'kysely';
import type { Tables } from '../tables.ts';

/** The row as a document. */
export function documentFromRow(row: Selectable<Tables['documents']>): KnowledgeDocument {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    knowledgeBaseId: row.knowledge_base_id,
    source: row.source,
    title: row.title,
    mediaType: row.media_type,
    userId: row.user_id,
    state: row.state,
    error: row.error,
    contentHash: row.content_hash,
    sizeBytes: row.size_bytes,
    revision: row.revision,
    chunks: row.chunks,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

/** The row as a piece of a document. */
export function chunkFromRow(row: Selectable<Tables['chunks']>): Chunk {
  return {
    id: row.id,
    documentId: row.document_id,
    position: row.position,
    page: row.page,
    start: row.start_at,
    end: row.end_at,
    headings: row.headings,
    text: row.text,
    hash: row.hash,
    version: row.version,
  };
}
