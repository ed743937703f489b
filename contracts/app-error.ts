import { ERRORS, type ErrorCode } from './errors.ts';
import type { Problem } from './problem.ts';

/** A failure as data: what runs, steps and events store. Messages hold no secrets. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What else a thrower may say. */
export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Every problem found, each with a pointer to its place. */
  readonly problems?: readonly Problem[];
  /** Earliest moment that a retry makes sense, in ms from now. */
  readonly retryAfterMs?: number;
}

/** The one error class: a code of `ERRORS` and a sentence on what happened and what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.problems = options.problems ?? [];
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

/** The failure as data; anything that is not ours becomes `internal` without its details. */
export function toFailure(error: unknown): Failure {
  if (error instanceof AppError) return { code: error.code, message: error.message };
  return { code: 'internal', message: 'an unexpected error occurred; the log has its details' };
}
