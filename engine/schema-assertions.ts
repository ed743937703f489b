import { canonicalJson } from '../contracts/canonical-json.ts';
import { FORMATS } from './schema-formats.ts';
import { isJsonObject, type Json, type JsonObject } from '../contracts/json.ts';
import { isList, jsonEquals } from './json-equal.ts';
import { linearRegex } from './linear-regex.ts';
import { pointTo } from './json-pointer.ts';
import { addProblem, report, spend, type Site } from './schema-run.ts';

const SHOWN_CHARS = 200;
/** Work of searching one char for one part of a pattern. */
const REGEX_WORK = 1 / 256;

/** Checks one keyword of a schema against a value. */
export type Keyword = (site: Site, operand: Json) => void;

/** Keywords that look at the value itself and apply no further schema. */
export const ASSERTIONS: Readonly<Record<string, Keyword>> = {
  type: (site, operand) => {
    const types = isList(operand) ? operand : [operand];
    if (types.some((type) => hasType(site.value, type))) return;
    report(site, 'type', `must be ${types.map(String).join(' or ')} but is ${typeOf(site.value)}`);
  },
  const: (site, operand) => {
    if (!jsonEquals(site.value, operand)) report(site, 'const', `must be ${shown(operand)}`);
  },
  enum: (site, operand) => {
    if (!isList(operand) || operand.some((allowed) => jsonEquals(site.value, allowed))) return;
    report(site, 'enum', `must be one of ${shown(operand)}`);
  },
  minimum: numeric('minimum', (value, limit) => value >= limit, 'must be at least'),
  maximum: numeric('maximum', (value, limit) => value <= limit, 'must be at most'),
  exclusiveMinimum: numeric('exclusiveMinimum', (value, limit) => value > limit, 'must be above'),
  exclusiveMaximum: numeric('exclusiveMaximum', (value, limit) => value < limit, 'must be below'),
  multipleOf: numeric('multipleOf', isMultipleOf, 'must be a multiple of'),
  minLength: sized('minLength', textSize, 'must have at least', 'characters'),
  maxLength: sized('maxLength', textSize, 'must have at most', 'characters'),
  minItems: sized('minItems', listSize, 'must have at least', 'elements'),
  maxItems: sized('maxItems', listSize, 'must have at most', 'elements'),
  minProperties: sized('minProperties', objectSize, 'must have at least', 'fields'),
  maxProperties: sized('maxProperties', objectSize, 'must have at most', 'fields'),
  pattern: (site, operand) => {
    if (typeof site.value !== 'string' || typeof operand !== 'string') return;
    if (matchesPattern(site, operand, site.value) === false) {
      report(site, 'pattern', `must match the pattern ${operand}`);
    }
  },
  format: (site, operand) => {
    if (typeof site.value !== 'string' || typeof operand !== 'string') return;
    const test = Object.hasOwn(FORMATS, operand) ? FORMATS[operand] : undefined;
    if (test === undefined || test(site.value)) return;
    report(site, 'format', `must be a text in the format ${operand}`);
  },
  required: (site, operand) => {
    if (isJsonObject(site.value))
      requireFields(site, site.value, { names: operand, keyword: 'required' });
  },
  dependentRequired: (site, operand) => {
    if (!isJsonObject(site.value) || !isJsonObject(operand)) return;
    for (const [name, names] of Object.entries(operand)) {
      if (!Object.hasOwn(site.value, name)) continue;
      requireFields(site, site.value, { names, keyword: 'dependentRequired' });
    }
  },
  uniqueItems: (site, operand) => {
    if (operand !== true || !isList(site.value)) return;
    const known = new Set<string>();
    for (const item of site.value) {
      const text = canonicalJson(item);
      spend(site.run, 1, text.length);
      if (known.has(text)) {
        report(site, 'uniqueItems', 'must not have equal elements');
        return;
      }
      known.add(text);
    }
  },
};

/** Whether the text matches; null if the pattern is none that we can search for. */
export function matchesPattern(site: Site, pattern: string, text: string): boolean | null {
  const compiled = linearRegex(pattern);
  if ('problem' in compiled) return null;
  spend(site.run, 1 + compiled.regex.costOf(text) * REGEX_WORK);
  return compiled.regex.find(text);
}

function requireFields(
  site: Site,
  value: JsonObject,
  what: { readonly names: Json; readonly keyword: string },
): void {
  if (!isList(what.names)) return;
  for (const name of what.names) {
    if (typeof name !== 'string' || Object.hasOwn(value, name)) continue;
    const pointer = pointTo(site.pointer, name);
    addProblem(site, {
      pointer,
      code: `schema.${what.keyword}`,
      message: 'is required but missing',
    });
  }
}

function numeric(
  keyword: string,
  holds: (value: number, limit: number) => boolean,
  words: string,
): Keyword {
  return (site, operand) => {
    if (typeof site.value !== 'number' || typeof operand !== 'number') return;
    if (!holds(site.value, operand)) report(site, keyword, `${words} ${operand}`);
  };
}

/** A quotient of decimals is rarely exact in binary: 0.3 is a multiple of 0.1. */
function isMultipleOf(value: number, step: number): boolean {
  if (step <= 0 || value % step === 0) return true;
  const quotient = value / step;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient));
}

function sized(
  keyword: string,
  sizeOf: (site: Site) => number | null,
  ...words: readonly [string, string]
): Keyword {
  const [before, unit] = words;
  const isMinimum = keyword.startsWith('min');
  return (site, operand) => {
    const size = sizeOf(site);
    if (size === null || typeof operand !== 'number') return;
    if (isMinimum ? size < operand : size > operand) {
      report(site, keyword, `${before} ${operand} ${unit} but has ${size}`);
    }
  };
}

function textSize({ run, value }: Site): number | null {
  if (typeof value !== 'string') return null;
  spend(run, 1, value.length);
  let size = 0;
  for (const _ of value) size++;
  return size;
}

function listSize({ value }: Site): number | null {
  return isList(value) ? value.length : null;
}

function objectSize({ run, value }: Site): number | null {
  if (!isJsonObject(value)) return null;
  const { length } = Object.keys(value);
  spend(run, length);
  return length;
}

function hasType(value: Json, type: Json): boolean {
  if (type === 'integer') return Number.isInteger(value);
  return typeOf(value) === type;
}

function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (isList(value)) return 'array';
  return typeof value;
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
