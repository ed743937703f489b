import { backoffMs, type Pacing } from './backoff.ts';
import { HoldfastError, isRetryableStatus } from './holdfast-error.ts';

const RANGE = { firstMs: 250, longestMs: 10_000 };
/** About ten minutes of an unreachable service. */
const MAX_FAILURES = 65;

/** How a long wait survives lost connections and restarts of the service. */
export interface Reconnect {
  /** The service has sent something: the next failure is the first again. */
  readonly alive: () => void;
  /** Pauses before the next connection; throws `error` when repeating does not help any more. */
  readonly pause: (error: unknown, signal?: AbortSignal) => Promise<void>;
}

/** Patience for one stream or one wait. */
export function createReconnect(pacing: Pacing): Reconnect {
  let failures = 0;
  return {
    alive: () => {
      failures = 0;
    },
    pause: async (error, signal) => {
      failures += 1;
      if (!isTransient(error) || failures > MAX_FAILURES) throw error;
      await pacing.sleep(backoffMs(failures, RANGE, pacing.random), signal);
    },
  };
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof HoldfastError)) return false;
  return error.code === 'client.network' || isRetryableStatus(error.status);
}
