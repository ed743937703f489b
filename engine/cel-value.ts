import { AppError } from '../contracts/app-error.ts';
import { isDuration, isTime, printTime, type CelDuration, type CelTime } from './cel-time.ts';
import { readText, tooExpensive, visit, type Meter } from './cel-meter.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { LIMITS } from '../contracts/limits.ts';

/**
 * A value of an expression. JSON numbers are `number`, CEL's doubles; integers that the expression
 * itself makes (literals, sizes, `int()`) are `bigint`. Arithmetic may mix the two.
 */
export type CelValue =
  null | boolean | number | bigint | string | CelTime | CelDuration | CelList | CelMap;
/** A list of an expression. */
export type CelList = readonly CelValue[];
/** An object of an expression; only its own fields count. */
export interface CelMap {
  readonly [key: string]: CelValue;
}

/** The failure of an evaluation, with its reason as the rest of a sentence. */
export function failed(reason: string): AppError {
  return new AppError('expression.failed', `the expression failed: ${reason}`);
}

/** True for a list. */
export function isList(value: CelValue): value is CelList {
  return Array.isArray(value);
}

/** True for an object that is not a time. */
export function isMap(value: CelValue): value is CelMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(isTime(value) || isDuration(value))
  );
}

/** What kind of value it is, as a sentence needs it. */
export function kindOf(value: CelValue): string {
  if (value === null) return 'null';
  if (isList(value)) return 'a list';
  if (isTime(value)) return 'a timestamp';
  if (isDuration(value)) return 'a duration';
  switch (typeof value) {
    case 'string':
      return 'a text';
    case 'boolean':
      return 'a boolean';
    case 'object':
      return 'an object';
    default:
      return 'a number';
  }
}

/** Equality by value, numbers of both kinds alike. */
export function equals(meter: Meter, a: CelValue, b: CelValue): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length !== b.length) return false;
    readText(meter, a.length);
    return a === b;
  }
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return a >= b && a <= b;
  if (isTime(a)) return isTime(b) && a.ms === b.ms;
  if (isDuration(a)) return isDuration(b) && a.ms === b.ms;
  if (isList(a)) {
    if (!isList(b) || a.length !== b.length) return false;
    visit(meter, a.length);
    return a.every((item, at) => equals(meter, item, b[at] ?? null));
  }
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  visit(meter, keys.length);
  return keys.every(
    (key) => Object.hasOwn(b, key) && equals(meter, a[key] ?? null, b[key] ?? null),
  );
}

/** True for both kinds of numbers. */
export function isNumber(value: CelValue): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

/**
 * The value as JSON. Lists and objects of the scope come back as they are. A value whose JSON would
 * be larger than any value may be is refused: an expression can repeat a large value many times.
 */
export function toJson(meter: Meter, value: CelValue): Json {
  const isMade = typeof value === 'object' && value !== null && meter.made.has(value);
  if (isMade && sizeOf(value, new Map()) > LIMITS.valueBytes) {
    throw tooExpensive(`its value is larger than ${LIMITS.valueBytes} bytes`);
  }
  return copyToJson(meter, value, new Map());
}

function copyToJson(meter: Meter, value: CelValue, copies: Map<object, Json>): Json {
  if (isTime(value) || isDuration(value)) return printTime(value);
  if (typeof value !== 'object' || value === null) return scalarToJson(value);
  if (!meter.made.has(value)) return value as Json;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const copy = isList(value)
    ? value.map((item) => copyToJson(meter, item, copies))
    : mapValues(value, (item) => copyToJson(meter, item, copies));
  copies.set(value, copy);
  return copy;
}

/** Estimated bytes of JSON; each list and object is walked once, however often it occurs. */
function sizeOf(value: CelValue, sizes: Map<object, number>): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  let size = 2;
  if (isList(value)) {
    for (const item of value) size += 1 + sizeOf(item, sizes);
  } else if (isMap(value)) {
    for (const key of Object.keys(value)) {
      size += key.length + 4 + sizeOf(value[key] ?? null, sizes);
    }
  }
  sizes.set(value, size);
  return size;
}

function mapValues(map: CelMap, change: (value: CelValue) => Json): JsonObject {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}

function scalarToJson(value: null | boolean | number | bigint | string): Json {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw failed('its value is not a finite number');
  }
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw failed('its value is an integer too large for JSON');
}
