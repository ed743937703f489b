import type { AddedDocument, Ingestion } from '../contracts/knowledge.ts';
import type { NewDocument } from '../db/knowledge/documents.ts';
import type { Services } from './services.ts';

/** Adds a document, or its new contents, and has it ingested. */
export async function addDocument(
  services: Services,
  workspaceId: string,
  document: NewDocument,
): Promise<AddedDocument> {
  const { endedIngestionId, ...added } = await services.knowledge.addDocument(
    workspaceId,
    document,
  );
  if (endedIngestionId !== null) await stopOlder(services, endedIngestionId);
  if (added.ingestion !== null) await start(services, workspaceId, added.ingestion);
  return added;
}

/** Has the present contents of a document ingested. */
export async function ingestDocument(
  services: Services,
  workspaceId: string,
  documentId: string,
): Promise<Ingestion> {
  const ingestion = await services.knowledge.startIngestion(workspaceId, documentId);
  await start(services, workspaceId, ingestion);
  return ingestion;
}

/**
 * From the moment that the ingestion is written the answer is a success: one that cannot be started now
 * is started later by its sweeper.
 */
async function start(
  { ingestions, log }: Services,
  workspaceId: string,
  { id: ingestionId, documentId }: Ingestion,
): Promise<void> {
  try {
    await ingestions.start({ workspaceId, documentId, ingestionId });
  } catch (error) {
    log.warn({ err: error, ingestionId }, 'the ingestion was written but not started; it will be');
  }
}

/** What runs on earlier contents has nothing more to write, and must not keep a worker busy. */
async function stopOlder({ ingestions, log }: Services, ingestionId: string): Promise<void> {
  await ingestions.cancel(ingestionId).catch((error: unknown) => {
    log.debug({ err: error, ingestionId }, 'an ingestion of older contents runs on in vain');
  });
}
