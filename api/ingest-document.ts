import { AppError } from '../contracts/app-error.ts';
import type { AddedDocument, Ingestion, KnowledgeDocument } from '../contracts/knowledge.ts';
import type { IngestionControl } from '../contracts/ingestion-control.ts';
import type { NewDocument } from '../db/knowledge/documents.ts';
import type { Services } from './services.ts';

/** Adds a document, or its new contents, and has it ingested. */
export async function addDocument(
  services: Services,
  workspaceId: string,
  document: NewDocument,
): Promise<AddedDocument> {
  ingestionsOf(services);
  const put = await services.knowledge.putDocument(workspaceId, document);
  if (put.kind === 'unchanged') return { ...put, ingestion: null };
  await cancelOlder(services, workspaceId, put.document);
  return { ...put, ingestion: await ingestNew(services, workspaceId, put.document) };
}

/**
 * Has the present contents of a document ingested. One that cannot be started has failed: it must
 * not keep the next one waiting.
 */
export async function ingestDocument(
  services: Services,
  workspaceId: string,
  documentId: string,
): Promise<Ingestion> {
  const { knowledge, log } = services;
  const control = ingestionsOf(services);
  const ingestion = await knowledge.startIngestion(workspaceId, documentId);
  try {
    await control.start({ workspaceId, documentId, ingestionId: ingestion.id });
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

/** Who runs ingestions. Throws `service.unavailable`. */
export function ingestionsOf({ ingestions }: Services): IngestionControl {
  if (ingestions !== undefined) return ingestions;
  throw new AppError('service.unavailable', 'nothing here ingests documents');
}

/** What runs on earlier contents has nothing more to write, and must not keep the new ones waiting. */
async function cancelOlder(
  services: Services,
  workspaceId: string,
  { id, revision }: KnowledgeDocument,
): Promise<void> {
  const { knowledge, log } = services;
  const last = await knowledge.lastIngestion(workspaceId, id);
  if (last === null || last.state !== 'running' || last.revision >= revision) return;
  await knowledge.endIngestion(workspaceId, last.id, { state: 'cancelled' });
  await ingestionsOf(services)
    .cancel(last.id)
    .catch((error: unknown) => {
      log.debug({ err: error, documentId: id }, 'an ingestion of older contents runs on in vain');
    });
}

/** The ingestion of these contents; the older one may have begun it as it ended. */
async function ingestNew(
  services: Services,
  workspaceId: string,
  { id, revision }: KnowledgeDocument,
): Promise<Ingestion> {
  try {
    return await ingestDocument(services, workspaceId, id);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'knowledge.conflict') throw error;
    const last = await services.knowledge.lastIngestion(workspaceId, id);
    if (last === null || last.revision < revision) throw error;
    return last;
  }
}
