import { AppError } from '../../contracts/app-error.ts';
import { BLOB_KEY } from '../../contracts/blob.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';

/** How a refused value is reported. */
export interface GuardOptions {
  /** What the value is, as a sentence begins: "the result of x". */
  readonly what: string;
  readonly tooLarge: ErrorCode;
  readonly maxBytes?: number;
}

interface Walk {
  readonly options: GuardOptions;
  readonly maxBytes: number;
  sizeBytes: number;
}

/** Bytes that a number, a boolean or a sign takes, roughly. */
const SMALL_BYTES = 4;

/**
 * The value, if it is plain JSON within the limits and holds no forged reference. Values of tools,
 * models and expressions pass here before anything keeps them.
 */
export function guardJson(value: unknown, options: GuardOptions): Json {
  const walk: Walk = { options, maxBytes: options.maxBytes ?? LIMITS.valueBytes, sizeBytes: 0 };
  check(value, 0, walk);
  // Every part has been looked at: it is JSON.
  return value as Json;
}

function check(value: unknown, depth: number, walk: Walk): void {
  switch (typeof value) {
    case 'string':
      grow(walk, fits(value, walk) ? value.length : Buffer.byteLength(value));
      return;
    case 'number':
      if (!Number.isFinite(value)) refuse(walk, 'value.not_json', `holds ${value}`);
      grow(walk, SMALL_BYTES);
      return;
    case 'boolean':
      grow(walk, SMALL_BYTES);
      return;
    case 'object':
      if (value === null) grow(walk, SMALL_BYTES);
      else checkComposite(value, depth, walk);
      return;
    default:
      refuse(walk, 'value.not_json', `holds a value of type ${typeof value}`);
  }
}

/** Far from the limit characters stand for bytes: nothing is counted exactly without need. */
function fits(text: string, walk: Walk): boolean {
  return walk.sizeBytes + text.length * 3 < walk.maxBytes;
}

function checkComposite(value: object, depth: number, walk: Walk): void {
  if (depth >= LIMITS.jsonDepth) {
    refuse(walk, 'request.too_deep', `nests deeper than ${LIMITS.jsonDepth}`);
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) check(value[i], depth + 1, walk);
    grow(walk, value.length);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    refuse(walk, 'value.not_json', 'holds an object that is not plain');
  }
  for (const [name, item] of Object.entries(value)) {
    if (name === BLOB_KEY) refuse(walk, 'value.reserved_key', `uses the reserved key ${BLOB_KEY}`);
    grow(walk, name.length + SMALL_BYTES);
    check(item, depth + 1, walk);
  }
}

function grow(walk: Walk, bytes: number): void {
  walk.sizeBytes += bytes;
  if (walk.sizeBytes > walk.maxBytes) {
    refuse(walk, walk.options.tooLarge, `is larger than ${walk.maxBytes} bytes`);
  }
}

function refuse(walk: Walk, code: ErrorCode, reason: string): never {
  throw new AppError(code, `${walk.options.what} ${reason}`);
}
