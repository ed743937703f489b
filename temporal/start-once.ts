import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { AppError } from '../contracts/app-error.ts';

const CALL_DEADLINE_MS = 20_000;

/** Starts a workflow unless that was done before; `closed`: it was, and the workflow has closed. */
export async function startOnce(
  client: Client,
  type: string,
  options: WorkflowStartOptions,
): Promise<'open' | 'closed'> {
  try {
    await client.workflow.start(type, {
      ...options,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
    return 'open';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'closed';
    throw error;
  }
}

/** Asks a workflow to stop; one that is not there needs not. */
export async function cancelIfOpen(client: Client, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).cancel();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** The call's answer within the deadline. Throws `service.unavailable`. */
export async function answered<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.connection.withDeadline(Date.now() + CALL_DEADLINE_MS, call);
  } catch (cause) {
    const message = 'the workflow service did not answer; try again';
    throw new AppError('service.unavailable', message, { cause });
  }
}
