import { AppError } from './app-error.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Json } from './json.ts';
import { LIMITS } from './limits.ts';

/** Longest form of one UTF-16 unit in JSON text: an escape as in `\u0001`. */
const MAX_BYTES_PER_CHAR = 6;
const MAX_NUMBER_BYTES = 25;

interface Bounds {
  low: number;
  high: number;
}

/**
 * The canonical JSON of a value that is too large to travel, null for one that may. Throws
 * `value.too_large`. A small value costs a walk and no text: most values are small.
 */
export function largeValueText(value: Json): string | null {
  const bounds = { low: 0, high: 0 };
  walk(value, bounds, LIMITS.inlineValueBytes);
  if (bounds.high <= LIMITS.inlineValueBytes) return null;
  if (bounds.low > LIMITS.inlineValueBytes) refuseHuge(value);
  const text = canonicalJson(value);
  const sizeBytes = new TextEncoder().encode(text).length;
  if (sizeBytes > LIMITS.valueBytes) throw tooLarge();
  return sizeBytes > LIMITS.inlineValueBytes ? text : null;
}

/** Before any text is made of it. */
function refuseHuge(value: Json): void {
  const bounds = { low: 0, high: 0 };
  walk(value, bounds, LIMITS.valueBytes);
  if (bounds.low > LIMITS.valueBytes) throw tooLarge();
}

function tooLarge(): AppError {
  return new AppError('value.too_large', `a value has more than ${LIMITS.valueBytes} bytes`);
}

/** Adds what the value's JSON text has at least and at most; gives up beyond the limit. */
function walk(value: Json, bounds: Bounds, limit: number): void {
  if (bounds.low > limit) return;
  if (typeof value === 'string') {
    add(bounds, value.length + 2, value.length * MAX_BYTES_PER_CHAR + 2);
  } else if (typeof value !== 'object' || value === null) {
    add(bounds, 1, MAX_NUMBER_BYTES);
  } else if (Array.isArray(value)) {
    add(bounds, 2, value.length + 2);
    for (const item of value as readonly Json[]) walk(item, bounds, limit);
  } else {
    add(bounds, 2, 2);
    for (const [key, item] of Object.entries(value)) {
      // Quotes, colon and comma.
      add(bounds, key.length + 3, key.length * MAX_BYTES_PER_CHAR + 4);
      walk(item, bounds, limit);
    }
  }
}

function add(bounds: Bounds, low: number, high: number): void {
  bounds.low += low;
  bounds.high += high;
}
