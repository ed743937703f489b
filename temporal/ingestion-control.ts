import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { AppError } from '../contracts/app-error.ts';
import type { IngestionControl, IngestionRef } from '../contracts/ingestion-control.ts';

const CALL_DEADLINE_MS = 20_000;

/** Steers ingestions through Temporal; the id of an ingestion is that of its workflow. */
export function createIngestionControl(
  client: Client,
  { taskQueue }: { readonly taskQueue: string },
): IngestionControl {
  return {
    start: (ref) => answered(client, () => start(client, taskQueue, ref)),
    cancel: (ingestionId) => answered(client, () => cancel(client, ingestionId)),
  };
}

async function start(
  client: Client,
  taskQueue: string,
  ref: IngestionRef,
): Promise<'open' | 'closed'> {
  const { workspaceId, documentId, ingestionId } = ref;
  try {
    await client.workflow.start('ingestDocument', {
      workflowId: ingestionId,
      taskQueue,
      args: [{ workspaceId, documentId, ingestionId }],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      staticSummary: `ingest ${documentId}`,
    });
    return 'open';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'closed';
    throw error;
  }
}

async function cancel(client: Client, ingestionId: string): Promise<void> {
  try {
    await client.workflow.getHandle(ingestionId).cancel();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

async function answered<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.connection.withDeadline(Date.now() + CALL_DEADLINE_MS, call);
  } catch (cause) {
    const message = 'the workflow service did not answer; try again';
    throw new AppError('service.unavailable', message, { cause });
  }
}
