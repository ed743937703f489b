const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
const DURATION = /^(-?)((?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s)){1,4})$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|h|m|s)/g;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS };
/** What ISO 8601 with four digits of a year can say. */
const MIN_MS = -62_135_596_800_000;
const MAX_MS = 253_402_300_799_999;

/** Marks times: no JSON value can have this key. */
const KIND = Symbol('kind');

/** A point in time of an expression; JSON has it as ISO 8601. */
export interface CelTime {
  readonly [KIND]: 'time';
  readonly ms: number;
}

/** A span of time of an expression; JSON has it as seconds, `90s`. */
export interface CelDuration {
  readonly [KIND]: 'duration';
  readonly ms: number;
}

/** True for a point in time. */
export function isTime(value: unknown): value is CelTime {
  return kindOf(value) === 'time';
}

/** True for a span of time. */
export function isDuration(value: unknown): value is CelDuration {
  return kindOf(value) === 'duration';
}

/** A span of time. */
export function durationOf(ms: number): CelDuration {
  return { [KIND]: 'duration', ms };
}

function kindOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && KIND in value ? value[KIND] : null;
}

/** The point in time if it can be written as ISO 8601, else null. */
export function timeAt(ms: number): CelTime | null {
  return ms >= MIN_MS && ms <= MAX_MS ? { [KIND]: 'time', ms } : null;
}

/** Reads ISO 8601 with a time zone; null if the text is something else. */
export function parseTime(text: string): CelTime | null {
  return TIMESTAMP.test(text) ? timeAt(Date.parse(text)) : null;
}

/** Reads a span such as `1h30m`; null if the text is something else. */
export function parseDuration(text: string): CelDuration | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  let ms = 0;
  for (const [, amount, unit] of (match[2] ?? '').matchAll(DURATION_PART)) {
    ms += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return durationOf(match[1] === '-' ? -ms : ms);
}

/** Time as JSON has it. */
export function printTime(value: CelTime | CelDuration): string {
  return isTime(value) ? new Date(value.ms).toISOString() : `${value.ms / SECOND_MS}s`;
}

/** Parts of a point in time (in UTC) and whole units of a span, by the names that CEL has for them. */
export const TIME_PARTS: Readonly<
  Record<string, { readonly time?: (date: Date) => number; readonly span?: (ms: number) => number }>
> = {
  getFullYear: { time: (date) => date.getUTCFullYear() },
  getMonth: { time: (date) => date.getUTCMonth() },
  getDate: { time: (date) => date.getUTCDate() },
  getDayOfMonth: { time: (date) => date.getUTCDate() - 1 },
  getDayOfWeek: { time: (date) => date.getUTCDay() },
  getHours: { time: (date) => date.getUTCHours(), span: (ms) => ms / HOUR_MS },
  getMinutes: { time: (date) => date.getUTCMinutes(), span: (ms) => ms / MINUTE_MS },
  getSeconds: { time: (date) => date.getUTCSeconds(), span: (ms) => ms / SECOND_MS },
  getMilliseconds: { time: (date) => date.getUTCMilliseconds(), span: (ms) => ms },
};
