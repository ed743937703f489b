import type { EndIngestionArgs, EndIngestionResult } from './ingestion-activity-types.ts';
import type { DocumentProgress } from '../../db/knowledge/documents.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { IngestionDeps } from './ingestion-deps.ts';
import type { IngestionOutcome } from './ingestion-activity-types.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';

const GONE = new Set(['knowledge.document_not_found', 'knowledge.ingestion_not_found']);

/**
 * Notes how an ingestion ended, on the document too. Contents that came while it ran could not start
 * an ingestion of their own: theirs begins here.
 */
export async function endIngestion(
  deps: IngestionDeps,
  args: EndIngestionArgs,
): Promise<EndIngestionResult> {
  try {
    return await end(deps, args);
  } catch (error) {
    if (error instanceof AppError && GONE.has(error.code)) return { next: null };
    throw error;
  }
}

async function end(
  { knowledge }: IngestionDeps,
  { workspaceId, documentId, ingestionId, outcome }: EndIngestionArgs,
): Promise<EndIngestionResult> {
  const { revision } = await knowledge.ingestion(workspaceId, ingestionId);
  // Of contents that were replaced meanwhile this says nothing, and changes nothing.
  await knowledge.progress(workspaceId, documentId, progressOf(outcome, revision));
  await knowledge.endIngestion(
    workspaceId,
    ingestionId,
    outcome.state === 'failed'
      ? { state: 'failed', error: sentenceOf(outcome) }
      : { state: outcome.state },
  );
  const document = await knowledge.getDocument(workspaceId, documentId);
  if (document.revision === revision || document.state !== 'pending') return { next: null };
  return { next: await startNext({ knowledge }, workspaceId, documentId) };
}

/** The next ingestion, unless somebody else has begun it. */
async function startNext(
  { knowledge }: Pick<IngestionDeps, 'knowledge'>,
  workspaceId: string,
  documentId: string,
): Promise<IngestionRef | null> {
  try {
    const { id } = await knowledge.startIngestion(workspaceId, documentId);
    return { workspaceId, documentId, ingestionId: id };
  } catch (error) {
    if (error instanceof AppError && error.code === 'knowledge.conflict') return null;
    throw error;
  }
}

function progressOf(outcome: IngestionOutcome, revision: number): DocumentProgress {
  switch (outcome.state) {
    case 'succeeded':
      return { state: 'ready', revision };
    case 'cancelled':
      return { state: 'failed', revision, error: 'its ingestion was cancelled' };
    case 'failed':
      return { state: 'failed', revision, error: sentenceOf(outcome) };
  }
}

function sentenceOf({ failure }: Extract<IngestionOutcome, { readonly state: 'failed' }>): string {
  return `${failure.code}: ${failure.message}`;
}
