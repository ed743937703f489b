import {
  type Client,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { AppError } from '../contracts/app-error.ts';
import { isErrorCode } from '../contracts/errors.ts';
import type { RunControl, RunStart, SettledTask } from '../contracts/run-control.ts';
import { runSearchAttributes } from './search-attributes.ts';

/** How long a decision or a start may take before the caller is told to try again. */
const CALL_DEADLINE_MS = 20_000;

/** What starting runs depends on. */
export interface RunControlOptions {
  readonly taskQueue: string;
  /** True when a worker shares the client's connection: the first task skips the task queue. */
  readonly eagerStart: boolean;
}

/** Steers runs through Temporal. Failures of the service become `service.unavailable`. */
export function createRunControl(client: Client, options: RunControlOptions): RunControl {
  return {
    start: (run) => startRun(client, run, options),
    decide: (args) => answered(client, () => decide(client, args)),
    cancel: (ref) =>
      answered(client, async () => {
        await client.workflow.getHandle(ref.runId).cancel();
      }),
  };
}

async function startRun(
  client: Client,
  run: RunStart,
  options: RunControlOptions,
): Promise<'open' | 'closed'> {
  return answered(client, async () => {
    try {
      await client.workflow.start('agentRun', {
        workflowId: run.runId,
        taskQueue: options.taskQueue,
        args: [{ workspaceId: run.workspaceId, runId: run.runId }],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        requestEagerStart: options.eagerStart,
        typedSearchAttributes: runSearchAttributes(run),
        staticSummary: `${run.agentName} ${run.version}`,
      });
      return 'open';
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return 'closed';
      throw error;
    }
  });
}

async function decide(
  client: Client,
  args: Parameters<RunControl['decide']>[0],
): Promise<SettledTask> {
  const { runId, taskId, decision } = args;
  return client.workflow.getHandle(runId).executeUpdate<SettledTask, [object]>('decide', {
    updateId: `${taskId}/${decision.decisionId}`,
    args: [{ taskId, decision }],
  });
}

/** The call's answer within the deadline, failures as codes. */
async function answered<T>(client: Client, call: () => Promise<T>): Promise<T> {
  try {
    return await client.connection.withDeadline(Date.now() + CALL_DEADLINE_MS, call);
  } catch (error) {
    throw toAppError(error);
  }
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof WorkflowNotFoundError) {
    return new AppError('run.ended', 'the run has ended, or has not begun yet', { cause: error });
  }
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    const known = cause instanceof ApplicationFailure && isErrorCode(cause.type);
    if (known && isErrorCode(cause.type)) return new AppError(cause.type, cause.message);
    return new AppError('internal', 'the run could not take the decision', { cause: error });
  }
  if (error instanceof ServiceError || error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    const message = 'the workflow service did not answer in time; try again with the same id';
    return new AppError('service.unavailable', message, { cause: error });
  }
  return new AppError('service.unavailable', 'the workflow service failed; try again', {
    cause: error,
  });
}
