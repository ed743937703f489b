import { ParentClosePolicy, startChild, type Workflow } from '@temporalio/workflow';

const ALREADY_STARTED = 'WorkflowExecutionAlreadyStartedError';

/** Starts a workflow that nobody waits for and that goes on by itself; once, however often it is asked. */
export async function startAbandoned<W extends Workflow>(
  workflow: W,
  { workflowId, args }: { readonly workflowId: string; readonly args: Parameters<W> },
): Promise<void> {
  try {
    await startChild<Workflow>(workflow, {
      workflowId,
      args,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
  } catch (error) {
    const started = error instanceof Error && error.name === ALREADY_STARTED;
    if (!started) throw error;
  }
}
