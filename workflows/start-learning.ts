import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { learnFromRun } from './learn-from-run.ts';
import type { RunRef } from '../contracts/journal.ts';

const ALREADY_STARTED = 'WorkflowExecutionAlreadyStartedError';

/**
 * Lets a workflow of its own learn from the run: the run does not wait for it. A run that comes to
 * its end twice, after a reset, is learnt from once.
 */
export async function startLearning({ workspaceId, runId }: RunRef): Promise<void> {
  try {
    await startChild(learnFromRun, {
      workflowId: `learn-${runId}`,
      args: [{ workspaceId, runId }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
    });
  } catch (error) {
    const started = error instanceof Error && error.name === ALREADY_STARTED;
    if (!started) throw error;
  }
}
