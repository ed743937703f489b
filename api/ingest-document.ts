import { AppError } from '../contracts/app-error.ts';
import type { AddedDocument, Ingestion } from '../contracts/knowledge.ts';
import type { NewDocument } from '../db/knowledge/documents.ts';
import type { Services } from './services.ts';

/** Adds a document, or its new contents, and has it ingested. */
export async function addDocument(
  services: Services,
  workspaceId: string,
  document: NewDocument,
): Promise<AddedDocument> {
  if (services.startIngestion === undefined) throw noWorker();
  const put = await services.knowledge.putDocument(workspaceId, document);
  if (put.kind === 'unchanged') return { ...put, ingestion: null };
  const ingestion = await ingestDocument(services, workspaceId, put.document.id);
  return { ...put, ingestion };
}

/**
 * Has the present contents of a document ingested. One that cannot be started has failed: it must
 * not keep the next one waiting.
 */
export async function ingestDocument(
  { knowledge, startIngestion, log }: Services,
  workspaceId: string,
  documentId: string,
): Promise<Ingestion> {
  if (startIngestion === undefined) throw noWorker();
  const ingestion = await knowledge.startIngestion(workspaceId, documentId);
  try {
    await startIngestion({ workspaceId, documentId, ingestionId: ingestion.id });
  } catch (cause) {
    log.warn({ err: cause, documentId }, 'an ingestion could not be started');
    const error = 'it could not be started';
    await knowledge.endIngestion(workspaceId, ingestion.id, { state: 'failed', error });
    const { revision } = ingestion;
    await knowledge.progress(workspaceId, documentId, { state: 'failed', revision, error });
    const message = 'the document is kept but cannot be ingested now; send it again';
    throw new AppError('service.unavailable', message, { cause });
  }
  return ingestion;
}

function noWorker(): AppError {
  return new AppError('service.unavailable', 'nothing here ingests documents');
}
