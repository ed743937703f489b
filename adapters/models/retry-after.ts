/** The longest wait that a vendor may ask for. */
export const MAX_RETRY_AFTER_MS = 600_000;

/** Reads one header of a response; null when it is absent. */
export type HeaderReader = (name: string) => string | null;

/** The wait that a response asks for, in ms: `retry-after-ms`, else `retry-after`; at most 10 minutes. */
export function retryAfterMs(header: HeaderReader, now: number): number | undefined {
  const asked = millis(header('retry-after-ms')) ?? secondsOrDate(header('retry-after'), now);
  return asked === undefined ? undefined : capped(asked);
}

/** A duration as Google writes it in error details, such as `34s` or `0.5s`, in ms. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)s$/.exec(text);
  return match?.[1] === undefined ? undefined : capped(Number(match[1]) * 1_000);
}

function millis(text: string | null): number | undefined {
  if (text === null || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

function secondsOrDate(text: string | null, now: number): number | undefined {
  const seconds = millis(text);
  if (seconds !== undefined) return seconds * 1_000;
  // An HTTP date begins with its weekday; `Date.parse` makes a date of almost anything with a digit.
  const date = /^[a-z]{3,9},? /i.test(text ?? '') ? Date.parse(text ?? '') : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function capped(ms: number): number {
  return Math.min(Math.ceil(ms), MAX_RETRY_AFTER_MS);
}
