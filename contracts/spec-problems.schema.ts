import type { z } from 'zod';
import type { Problem } from './problem.ts';

type Issue = z.core.$ZodIssue;

const TOO_BIG: Readonly<Record<string, string>> = {
  string: 'spec.too_long',
  array: 'spec.too_many',
};

function pointerOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  let value = document;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function codeOf(issue: Issue, document: unknown): string {
  if (valueAt(document, issue.path) === undefined) return 'spec.missing';
  if (issue.code === 'invalid_type') return 'spec.wrong_type';
  if (issue.code === 'too_big') return TOO_BIG[issue.origin] ?? 'spec.too_large';
  if (issue.code === 'too_small') return 'spec.too_small';
  return 'spec.invalid_value';
}

/** What zod found in a spec, each with its pointer, a stable code and a sentence. */
export function specProblems(error: z.ZodError, document: unknown): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOf(issue, document, []));
}

function problemsOf(
  issue: Issue,
  document: unknown,
  prefix: readonly PropertyKey[],
): readonly Problem[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf([...path, key]),
      code: 'spec.unknown_field',
      message: `there is no field ${key} here`,
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const closest = closestOf(issue.errors, valueAt(document, path));
    if (closest.length > 0) return closest.flatMap((inner) => problemsOf(inner, document, path));
  }
  const code = codeOf({ ...issue, path }, document);
  return [{ pointer: pointerOf(path), code, message: issue.message }];
}

/** Of a union's alternatives, the one that takes this kind of value. */
function closestOf(alternatives: readonly (readonly Issue[])[], value: unknown): readonly Issue[] {
  const fitting = alternatives.filter(
    (issues) => !issues.some((issue) => issue.code === 'invalid_type' && issue.path.length === 0),
  );
  return typeof value === 'object' ? (fitting.at(-1) ?? []) : (fitting[0] ?? []);
}
