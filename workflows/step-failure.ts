import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { isErrorCode } from '../contracts/errors.ts';
import type { Failure } from '../contracts/app-error.ts';

/** What an activity's failure means to the run: its code, or how it was lost. */
export function toStepFailure(error: unknown): Failure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) {
    return cause.timeoutType === 'HEARTBEAT'
      ? { code: 'step.worker_lost', message: 'the worker stopped answering while it ran the step' }
      : { code: 'step.timed_out', message: 'the step took longer than its time limit' };
  }
  if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) {
    return { code: cause.type, message: cause.message };
  }
  const message = error instanceof Error ? error.message : 'unknown failure';
  return { code: 'internal', message: `the step failed unexpectedly: ${message}` };
}
