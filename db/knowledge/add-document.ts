import { endIngestion, lastIngestion, startIngestion } from './ingestions.ts';
import { putDocument, type NewDocument, type PutDocument } from './documents.ts';
import type { Ingestion } from '../../contracts/knowledge.ts';
import type { Tables } from '../tables.ts';
import type { Transaction } from 'kysely';

/** A document that was put; its ingestion is written and wants its workflow started. */
export interface StoredDocument extends PutDocument {
  /** Null where there is nothing to ingest. */
  readonly ingestion: Ingestion | null;
  /** The ingestion of earlier contents that this ended; its workflow has nothing more to write. */
  readonly endedIngestionId: string | null;
}

/** See `KnowledgeStore.addDocument`; belongs into a transaction. */
export async function addDocument(
  trx: Transaction<Tables>,
  workspaceId: string,
  document: NewDocument,
): Promise<StoredDocument> {
  const put = await putDocument(trx, workspaceId, document);
  if (put.kind === 'unchanged') return { ...put, ingestion: null, endedIngestionId: null };
  const { id } = put.document;
  // The document is locked: nobody else begins an ingestion of it before this is committed.
  const last = put.kind === 'created' ? null : await lastIngestion(trx, workspaceId, id);
  const endedIngestionId = last?.state === 'running' ? last.id : null;
  if (endedIngestionId !== null) {
    const end = { state: 'cancelled' } as const;
    await endIngestion(trx, workspaceId, { id: endedIngestionId, end });
  }
  const ingestion = await startIngestion(trx, workspaceId, id);
  return { ...put, ingestion, endedIngestionId };
}
