import {
  ApplicationFailure,
  CancellationScope,
  ContinueAsNew,
  defineUpdate,
  isCancellation,
  setHandler,
  setWorkflowOptions,
} from '@temporalio/workflow';
import type { AgentRunInput, DecideArgs } from './agent-run-types.ts';
import type { RunEnd } from '../contracts/frontier.ts';
import type { SettledTask } from '../activities/agent-run-types.ts';
import { Interpreter } from './interpreter.ts';
import { toStepFailure } from './step-failure.ts';

/** A person's decision; first writer wins, and the standing settlement is the answer. */
export const decideUpdate = defineUpdate<SettledTask, [DecideArgs]>('decide');

/** One run of an agent version: the generic interpreter of all graphs. */
export async function agentRun(input: AgentRunInput): Promise<void> {
  const interpreter = new Interpreter(input);
  setHandler(decideUpdate, (args) => interpreter.decide(args), {
    validator: (args: DecideArgs) => {
      const first = interpreter.conflictingDecision(args);
      if (first === null) return;
      const message = `task ${args.taskId} was decided by ${first}`;
      throw ApplicationFailure.nonRetryable(message, 'human_task.already_decided');
    },
  });
  try {
    conclude(await interpreter.run());
  } catch (error) {
    if (error instanceof ContinueAsNew || error instanceof RunFailed) throw error;
    await concludeBroken(interpreter, error);
  }
}

// A plain error would be retried for ever while the run looks alive; it must fail visibly.
setWorkflowOptions({ failureExceptionTypes: [Error] }, agentRun);

/** Marks failures that are in the journal already. */
class RunFailed extends ApplicationFailure {}

function conclude(end: RunEnd): void {
  if (end.status === 'failed') throw new RunFailed(end.error.message, end.error.code, true);
}

async function concludeBroken(interpreter: Interpreter, error: unknown): Promise<void> {
  const end: RunEnd = isCancellation(error)
    ? { status: 'cancelled' }
    : { status: 'failed', error: toStepFailure(error) };
  const standing = await CancellationScope.nonCancellable(() => interpreter.stop(end));
  if (standing.status === 'cancelled') throw error;
  conclude(standing);
}
