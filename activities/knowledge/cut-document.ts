import { runningIngestion, type IngestionDeps } from './ingestion-deps.ts';
import { AppError } from '../../contracts/app-error.ts';
import { chunkDocument } from './chunk/chunk-document.ts';
import type { CutResult } from './ingestion-activity-types.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import type { KnowledgeDocument } from '../../contracts/knowledge.ts';

/**
 * Reads a document and replaces its pieces. The text itself is kept nowhere else: reading it again is
 * cheaper than storing it twice, so that both steps are one activity.
 */
export async function cutDocument(
  deps: IngestionDeps,
  ref: IngestionRef,
  signal: AbortSignal,
): Promise<CutResult> {
  const { knowledge, parser } = deps;
  const { workspaceId, documentId, ingestionId } = ref;
  const { revision } = await runningIngestion(deps, ref);
  const document = await knowledge.getDocument(workspaceId, documentId);
  const step = (name: 'parse' | 'chunk', done: number, total: number): Promise<void> => {
    const state = done === total ? ('succeeded' as const) : ('running' as const);
    return knowledge.ingestionStep(workspaceId, ingestionId, { step: name, state, done, total });
  };
  const isCurrent = await knowledge.progress(workspaceId, documentId, {
    state: 'parsing',
    revision,
  });
  if (!isCurrent) throw superseded(documentId);
  await step('parse', 0, 1);
  const bytes = await knowledge.content(workspaceId, documentId);
  const parsed = await parser.parse(bytes, { ...sourceOf(document), signal });
  const chunks = chunkDocument(parsed);
  await step('parse', 1, 1);
  signal.throwIfAborted();
  const changes = await knowledge.replaceChunks(workspaceId, { documentId, revision, chunks });
  await step('chunk', chunks.length, chunks.length);
  await knowledge.progress(workspaceId, documentId, { state: 'embedding', revision });
  return { chunks: chunks.length, added: changes.added.length };
}

function sourceOf({ mediaType, source }: KnowledgeDocument) {
  return { mediaType, name: source };
}

/** Its bytes may be newer than the ingestion: they are read by the next one. */
function superseded(documentId: string): AppError {
  return new AppError('knowledge.conflict', `document ${documentId} has other contents by now`);
}
