import { ApplicationFailure, Context } from '@temporalio/activity';
import { AppError } from '../contracts/app-error.ts';

/** Several times within the heartbeat timeout, and often enough for a stop to arrive in seconds. */
const HEARTBEAT_MS = 2_000;

/** Heartbeats while the work lasts, so that a dead worker is noticed and a stop arrives. */
export async function beating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = (): void => {
    context.heartbeat();
  };
  // None at once: a short step would pay for a call that tells the server nothing new.
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** Failures as Temporal understands them: the code is the type, and says whether to try again. */
export async function asActivity<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw ApplicationFailure.create({
      message: error.message,
      type: error.code,
      nonRetryable: !error.retryable,
      ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
    });
  }
}
