import type { RetryPolicy } from '../../contracts/plan.ts';

/** Expressions give the same result every time; only the journal's failures are worth a retry. */
export const PURE_RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialIntervalMs: 200,
  backoff: 2,
  maxIntervalMs: 2_000,
};

/** Providers recover within seconds to minutes. */
export const MODEL_RETRY: RetryPolicy = {
  maxAttempts: 4,
  initialIntervalMs: 1_000,
  backoff: 2,
  maxIntervalMs: 30_000,
};

/** Tools that may be called again. */
export const TOOL_RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialIntervalMs: 500,
  backoff: 2,
  maxIntervalMs: 10_000,
};

/** Tools of class `once`: an attempt that is lost becomes a question to a person. */
export const ONCE_RETRY: RetryPolicy = { ...TOOL_RETRY, maxAttempts: 1 };
