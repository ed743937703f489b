import { addProblem, report, resolveRef, type Site, type Verdict } from './schema-run.ts';
import { isJsonObject, type Json } from '../contracts/json.ts';
import { isList } from './json-equal.ts';
import { matchesPattern, type Keyword } from './schema-assertions.ts';
import { pointTo } from './json-pointer.ts';

/** A part of a value that is held against a schema of its own. */
export interface Part {
  readonly value: Json;
  readonly pointer: string;
  /** Keyword to blame when nothing at all is allowed there. */
  readonly keyword?: string;
}

/** Holds a value, or a part of it, against a schema. */
export type Judge = (site: Site, schema: Json, part?: Part) => Verdict;

/** The schema of some fields, and the keyword that it stands behind. */
interface FieldRule {
  readonly judge: Judge;
  readonly schema: Json;
  readonly keyword: string;
}

/** Keywords that apply further schemas, in the order in which they are to run. */
export function applicatorsOf(judge: Judge): readonly (readonly [string, Keyword])[] {
  return [...inPlace(judge), ...ofFields(judge), ...ofOtherFields(judge), ...ofLists(judge)];
}

/** Keywords that apply schemas to the value itself. */
function inPlace(judge: Judge): readonly (readonly [string, Keyword])[] {
  const ref: Keyword = (site, operand) => {
    const schema = typeof operand === 'string' ? resolveRef(site.run, operand) : undefined;
    if (schema === undefined) report(site, '$ref', 'the schema refers to something unknown');
    else take(site, judge(site, schema));
  };
  const conditional: Keyword = (site, operand) => {
    const verdict = judge(site, operand);
    const holds = verdict.problems.length === 0;
    if (holds) see(site, verdict);
    const next = site.schema[holds ? 'then' : 'else'];
    if (next !== undefined) take(site, judge(site, next));
  };
  return [
    ['$ref', ref],
    ['$dynamicRef', ref],
    [
      'allOf',
      (site, operand) => {
        for (const schema of listOf(operand)) take(site, judge(site, schema));
      },
    ],
    ['anyOf', (site, operand) => oneOrMore(site, operand, judge)],
    ['oneOf', (site, operand) => exactlyOne(site, operand, judge)],
    [
      'not',
      (site, operand) => {
        if (judge(site, operand).problems.length === 0)
          report(site, 'not', 'must not fit what the schema excludes');
      },
    ],
    ['if', conditional],
    [
      'dependentSchemas',
      (site, operand) => {
        if (!isJsonObject(site.value) || !isJsonObject(operand)) return;
        for (const [name, schema] of Object.entries(operand)) {
          if (Object.hasOwn(site.value, name)) take(site, judge(site, schema));
        }
      },
    ],
  ];
}

/** Applies a schema to the fields whose names are wanted. */
function applyToFields(site: Site, rule: FieldRule, wanted: (name: string) => boolean): void {
  if (!isJsonObject(site.value)) return;
  for (const [name, value] of Object.entries(site.value)) {
    if (!wanted(name)) continue;
    site.seen.add(name);
    const part = { value, pointer: pointTo(site.pointer, name), keyword: rule.keyword };
    take(site, rule.judge(site, rule.schema, part), false);
  }
}

/** Keywords that apply schemas to an object's fields by their names. */
function ofFields(judge: Judge): readonly (readonly [string, Keyword])[] {
  return [
    [
      'properties',
      (site, operand) => {
        if (!isJsonObject(site.value) || !isJsonObject(operand)) return;
        for (const [name, schema] of Object.entries(operand)) {
          if (!Object.hasOwn(site.value, name)) continue;
          const value = site.value[name] ?? null;
          site.seen.add(name);
          take(site, judge(site, schema, { value, pointer: pointTo(site.pointer, name) }), false);
        }
      },
    ],
    [
      'patternProperties',
      (site, operand) => {
        if (!isJsonObject(operand)) return;
        for (const [pattern, schema] of Object.entries(operand)) {
          applyToFields(
            site,
            { judge, schema, keyword: 'patternProperties' },
            (name) => matchesPattern(site, pattern, name) === true,
          );
        }
      },
    ],
  ];
}

/** Keywords that apply schemas to the other fields of an object, or to all names. */
function ofOtherFields(judge: Judge): readonly (readonly [string, Keyword])[] {
  return [
    [
      'additionalProperties',
      (site, operand) => {
        const { properties, patternProperties } = site.schema;
        const patterns = isJsonObject(patternProperties) ? Object.keys(patternProperties) : [];
        applyToFields(
          site,
          { judge, schema: operand, keyword: 'additionalProperties' },
          (name) =>
            !(isJsonObject(properties) && Object.hasOwn(properties, name)) &&
            !patterns.some((pattern) => matchesPattern(site, pattern, name) === true),
        );
      },
    ],
    [
      'propertyNames',
      (site, operand) => {
        if (!isJsonObject(site.value)) return;
        for (const name of Object.keys(site.value)) {
          take(
            site,
            judge(site, operand, { value: name, pointer: pointTo(site.pointer, name) }),
            false,
          );
        }
      },
    ],
    [
      'unevaluatedProperties',
      (site, operand) => {
        applyToFields(
          site,
          { judge, schema: operand, keyword: 'unevaluatedProperties' },
          (name) => !site.seen.has(name),
        );
      },
    ],
  ];
}

/** Keywords that apply schemas to a list's elements. */
function ofLists(judge: Judge): readonly (readonly [string, Keyword])[] {
  const each = (site: Site, from: number, schemaAt: (index: number) => Json | undefined): void => {
    if (!isList(site.value)) return;
    for (const [index, value] of site.value.entries()) {
      const schema = index < from ? undefined : schemaAt(index);
      if (schema === undefined) continue;
      site.seen.add(String(index));
      take(site, judge(site, schema, { value, pointer: pointTo(site.pointer, index) }), false);
    }
  };
  return [
    ['prefixItems', (site, operand) => each(site, 0, (index) => listOf(operand)[index])],
    [
      'items',
      (site, operand) => {
        const from = listOf(site.schema['prefixItems']).length;
        // Older drafts have a list here where 2020-12 has prefixItems.
        if (isList(operand)) each(site, 0, (index) => operand[index]);
        else each(site, from, () => operand);
      },
    ],
    ['contains', (site, operand) => countMatches(site, operand, judge)],
    [
      'unevaluatedItems',
      (site, operand) => {
        const { seen } = site;
        each(site, 0, (index) => (seen.has(String(index)) ? undefined : operand));
      },
    ],
  ];
}

/** Adds what another schema found; what it saw of the same value counts as seen when it fits. */
function take(site: Site, verdict: Verdict, isSameValue = true): void {
  for (const problem of verdict.problems) addProblem(site, problem);
  if (isSameValue && verdict.problems.length === 0) see(site, verdict);
}

function see(site: Site, verdict: Verdict): void {
  for (const place of verdict.seen) site.seen.add(place);
}

function oneOrMore(site: Site, operand: Json, judge: Judge): void {
  const verdicts = listOf(operand).map((schema) => judge(site, schema));
  const fitting = verdicts.filter((verdict) => verdict.problems.length === 0);
  for (const verdict of fitting) see(site, verdict);
  if (fitting.length === 0)
    report(site, 'anyOf', `fits none of the allowed forms; ${closest(verdicts)}`);
}

function exactlyOne(site: Site, operand: Json, judge: Judge): void {
  const verdicts = listOf(operand).map((schema) => judge(site, schema));
  const fitting = verdicts.filter((verdict) => verdict.problems.length === 0);
  const [only] = fitting;
  if (only === undefined)
    report(site, 'oneOf', `fits none of the allowed forms; ${closest(verdicts)}`);
  else if (fitting.length > 1)
    report(site, 'oneOf', `must fit one form only but fits ${fitting.length}`);
  else see(site, only);
}

/** What is wrong with the form that the value comes closest to. */
function closest(verdicts: readonly Verdict[]): string {
  const [best] = verdicts.toSorted((a, b) => a.problems.length - b.problems.length);
  const [problem] = best?.problems ?? [];
  if (problem === undefined) return 'there are none';
  return `the closest one: ${problem.pointer === '' ? 'it' : problem.pointer} ${problem.message}`;
}

function countMatches(site: Site, operand: Json, judge: Judge): void {
  if (!isList(site.value)) return;
  const { minContains, maxContains } = site.schema;
  const least = typeof minContains === 'number' ? minContains : 1;
  const most = typeof maxContains === 'number' ? maxContains : Infinity;
  let count = 0;
  for (const [index, value] of site.value.entries()) {
    const verdict = judge(site, operand, { value, pointer: pointTo(site.pointer, index) });
    if (verdict.problems.length > 0) continue;
    site.seen.add(String(index));
    count += 1;
  }
  if (count < least)
    report(site, 'contains', `must hold at least ${least} fitting elements but has ${count}`);
  if (count > most)
    report(site, 'contains', `must hold at most ${most} fitting elements but has ${count}`);
}

function listOf(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}
