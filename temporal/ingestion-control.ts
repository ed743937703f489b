import type { Client } from '@temporalio/client';
import { answered, cancelIfOpen, startOnce } from './start-once.ts';
import type { IngestionControl } from '../contracts/ingestion-control.ts';

/** Steers ingestions through Temporal; the id of an ingestion is that of its workflow. */
export function createIngestionControl(
  client: Client,
  { taskQueue }: { readonly taskQueue: string },
): IngestionControl {
  return {
    start: ({ workspaceId, documentId, ingestionId }) =>
      answered(client, () =>
        startOnce(client, 'ingestDocument', {
          workflowId: ingestionId,
          taskQueue,
          args: [{ workspaceId, documentId, ingestionId }],
          staticSummary: `ingest ${documentId}`,
        }),
      ),
    cancel: (ingestionId) => answered(client, () => cancelIfOpen(client, ingestionId)),
  };
}
