import { AppError } from '../contracts/app-error.ts';
import type { AddedDocument, Ingestion, KnowledgeDocument } from '../contracts/knowledge.ts';
import type { NewDocument } from '../db/knowledge/documents.ts';
import type { Services } from './services.ts';

/** Adds a document, or its new contents, and has it ingested. */
export async function addDocument(
  services: Services,
  workspaceId: string,
  document: NewDocument,
): Promise<AddedDocument> {
  const put = await services.knowledge.putDocument(workspaceId, document);
  if (put.kind === 'unchanged') return { ...put, ingestion: null };
  await cancelOlder(services, workspaceId, put.document);
  return { ...put, ingestion: await ingestNew(services, workspaceId, put.document) };
}

/**
 * Has the present contents of a document ingested. From the moment that the ingestion is written the
 * answer is a success: one that cannot be started now is started later by its sweeper.
 */
export async function ingestDocument(
  { knowledge, ingestions, log }: Services,
  workspaceId: string,
  documentId: string,
): Promise<Ingestion> {
  const ingestion = await knowledge.startIngestion(workspaceId, documentId);
  const { id: ingestionId } = ingestion;
  try {
    await ingestions.start({ workspaceId, documentId, ingestionId });
  } catch (error) {
    log.warn({ err: error, ingestionId }, 'the ingestion was written but not started; it will be');
  }
  return ingestion;
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
  await services.ingestions.cancel(last.id).catch((error: unknown) => {
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
