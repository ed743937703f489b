import { learnFromRun } from './learn-from-run.ts';
import type { RunRef } from '../contracts/journal.ts';
import { startAbandoned } from './start-abandoned.ts';

/**
 * Lets a workflow of its own learn from the run: the run does not wait for it. A run that comes to
 * its end twice, after a reset, is learnt from once.
 */
export function startLearning({ workspaceId, runId }: RunRef): Promise<void> {
  const args: [RunRef] = [{ workspaceId, runId }];
  return startAbandoned(learnFromRun, { workflowId: `learn-${runId}`, args });
}
