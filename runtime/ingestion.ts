import { createIngestionActivities } from '../activities/knowledge/ingestion-activities.ts';
import { createProcessParser } from '../adapters/documents/process-parser.ts';
import type { Embedder } from '../adapters/embedders/port.ts';
import type { IngestionActivities } from '../activities/knowledge/ingestion-activity-types.ts';
import type { KnowledgeStore } from '../db/stores/knowledge-store.ts';

/** What turns documents into pieces, for a worker to register. */
export function composeIngestion(
  knowledge: KnowledgeStore,
  { embedderFor }: { readonly embedderFor: (workspaceId: string) => Embedder },
): IngestionActivities {
  return createIngestionActivities({ knowledge, embedderFor, parser: createProcessParser() });
}
