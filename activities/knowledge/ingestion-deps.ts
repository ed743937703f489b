import { AppError } from '../../contracts/app-error.ts';
import type { DocumentParser } from '../../adapters/documents/port.ts';
import type { Embedder } from '../../adapters/embedders/port.ts';
import type { Ingestion } from '../../contracts/knowledge.ts';
import type { IngestionRef } from '../../contracts/ingestion-control.ts';
import type { KnowledgeStore } from '../../db/stores/knowledge-store.ts';

/** What ingestions work with. */
export interface IngestionDeps {
  readonly knowledge: Pick<
    KnowledgeStore,
    | 'getDocument'
    | 'content'
    | 'progress'
    | 'replaceChunks'
    | 'chunks'
    | 'ingestion'
    | 'ingestionStep'
    | 'startIngestion'
    | 'endIngestion'
    | 'missingVectors'
    | 'putVectors'
    | 'unindexed'
  >;
  readonly parser: DocumentParser;
  /** Whose vectors a workspace is to have. */
  readonly embedderFor: (workspaceId: string) => Embedder;
  /** How long an ingestion waits for indexes; pieces that are not in by then come later. */
  readonly indexWaitMs?: number;
}

/** The ingestion while it runs. Throws `knowledge.conflict` once it was ended by somebody else. */
export async function runningIngestion(
  { knowledge }: Pick<IngestionDeps, 'knowledge'>,
  { workspaceId, ingestionId }: IngestionRef,
): Promise<Ingestion> {
  const ingestion = await knowledge.ingestion(workspaceId, ingestionId);
  if (ingestion.state === 'running') return ingestion;
  throw new AppError('knowledge.conflict', `ingestion ${ingestionId} has ended`);
}
