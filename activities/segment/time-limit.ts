import { AppError } from '../../contracts/app-error.ts';

/** A signal to pass on, and how long the work may take. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  readonly limitMs: number;
}

/** Does work that is aborted with `step.timed_out` when its time is up, or with the outer signal. */
export async function withTimeLimit<T>(
  { signal, limitMs }: TimeLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const pass = (): void => {
    stop.abort(signal.reason);
  };
  if (signal.aborted) pass();
  signal.addEventListener('abort', pass, { once: true });
  const timer = setTimeout(() => {
    stop.abort(new AppError('step.timed_out', `the step took longer than ${limitMs} ms`));
  }, limitMs);
  try {
    return await work(stop.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', pass);
  }
}
