import { isJsonObject, type Json, type JsonObject, type JsonSchema } from '../contracts/json.ts';
import { isList } from './json-equal.ts';
import { resolvePointer } from './json-pointer.ts';
import type { Problem } from '../contracts/problem.ts';

/** Schemas applied, and other work of like size, before a validation is given up. */
const MAX_WORK = 2_000_000;
const MAX_DEPTH = 256;
const MAX_PROBLEMS = 100;
const CHARS_PER_WORK = 64;

/** Stops a validation that takes too long or goes too deep. */
export class SchemaRunStopped extends Error {}

/** One validation under way. */
export interface SchemaRun {
  readonly root: JsonSchema;
  work: number;
  depth: number;
  anchors: ReadonlyMap<string, JsonSchema> | null;
  /** What `$ref` names, as far as it was asked for. */
  readonly refs: Map<string, JsonSchema | undefined>;
  /** What schemas ask for, as far as they were applied. */
  readonly checks: Map<JsonObject, readonly SchemaCheck[]>;
}

/** A keyword of a schema with what stands behind it. */
export interface SchemaCheck {
  readonly check: (site: Site, operand: Json) => void;
  readonly operand: Json;
}

/** What a value showed under a schema. */
export interface Verdict {
  readonly problems: readonly Problem[];
  /** Keys and indexes that some schema looked at, for the `unevaluated` keywords. */
  readonly seen: ReadonlySet<string>;
}

/** A value, the schema it is held against, and what was found so far. */
export interface Site {
  readonly run: SchemaRun;
  readonly schema: JsonObject;
  readonly value: Json;
  readonly pointer: string;
  readonly problems: Problem[];
  readonly seen: Set<string>;
}

/** Starts a validation. */
export function startRun(root: JsonSchema): SchemaRun {
  return { root, work: 0, depth: 0, anchors: null, refs: new Map(), checks: new Map() };
}

/** Counts work; chars count less than schemas. */
export function spend(run: SchemaRun, work: number, chars = 0): void {
  run.work += work + chars / CHARS_PER_WORK;
  if (run.work > MAX_WORK) throw new SchemaRunStopped('the value takes too long to validate');
}

/** One level deeper, until the schema has gone too deep. */
export function enter(run: SchemaRun): void {
  if (++run.depth > MAX_DEPTH) throw new SchemaRunStopped('the schema is nested too deep');
}

/** One level back. */
export function leave(run: SchemaRun): void {
  run.depth -= 1;
}

/** Notes a problem; those behind the first hundred help nobody. */
export function report(site: Site, keyword: string, message: string): void {
  addProblem(site, { pointer: site.pointer, code: `schema.${keyword}`, message });
}

/** Notes a problem found elsewhere. */
export function addProblem(site: Site, problem: Problem): void {
  if (site.problems.length < MAX_PROBLEMS) site.problems.push(problem);
}

/** The schema that a `$ref` names; undefined if there is none in this document. */
export function resolveRef(run: SchemaRun, ref: string): JsonSchema | undefined {
  if (run.refs.has(ref)) return run.refs.get(ref);
  const schema = findRef(run, ref);
  run.refs.set(ref, schema);
  return schema;
}

function findRef(run: SchemaRun, ref: string): JsonSchema | undefined {
  if (!ref.startsWith('#')) return undefined;
  const fragment = decode(ref.slice(1));
  if (fragment === null) return undefined;
  if (fragment === '' || fragment.startsWith('/')) {
    const found = resolvePointer(run.root, fragment);
    return typeof found === 'boolean' || isJsonObject(found) ? found : undefined;
  }
  run.anchors ??= anchorsOf(run.root);
  return run.anchors.get(fragment);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function anchorsOf(root: JsonSchema): ReadonlyMap<string, JsonSchema> {
  const anchors = new Map<string, JsonSchema>();
  const stack: Json[] = [root];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (isList(value)) stack.push(...value);
    if (!isJsonObject(value)) continue;
    for (const name of [value['$anchor'], value['$dynamicAnchor']]) {
      if (typeof name === 'string') anchors.set(name, value);
    }
    stack.push(...Object.values(value));
  }
  return anchors;
}
