/** Pauses between attempts, with what makes them testable. */
export interface Pacing {
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** A number from 0 up to 1. */
  readonly random: () => number;
}

/** Shortest and longest pause of a back-off. */
export interface BackoffRange {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** A server that asks for more is asked again after this long. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** The pace of the real world. */
export const REAL_PACING: Pacing = { sleep, random: Math.random };

/** Pause before attempt `attempt` (1 is the first repetition): doubling, jittered by half. */
export function backoffMs(attempt: number, range: BackoffRange, random: () => number): number {
  const full = Math.min(range.longestMs, range.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}

/** What the response asks to wait, in ms: `retry-after-ms`, else `retry-after`; null if neither. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const asked = askedMs(headers, now);
  return asked === null ? null : Math.min(LONGEST_RETRY_AFTER_MS, Math.max(0, asked));
}

function askedMs(headers: Headers, now: number): number | null {
  const inMs = Number(headers.get('retry-after-ms') ?? 'none');
  if (Number.isFinite(inMs)) return inMs;
  const text = headers.get('retry-after');
  if (text === null || text.trim() === '') return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds * 1_000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date - now;
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The reason of an aborted signal as an error. */
export function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason });
}
