import type { z } from 'zod';
import { AppError } from '../contracts/app-error.ts';
import { escapePointer } from './json-check.ts';
import type { Problem } from '../contracts/problem.ts';

const MAX_PROBLEMS = 50;

/**
 * The value as the schema reads it, or `request.invalid` with every problem. Without a schema there
 * is nothing to read; unknown query parameters of such routes are ignored.
 */
export function parseWith<T extends z.ZodType>(
  schema: T | undefined,
  value: unknown,
  pointerPrefix: string,
): z.output<T> {
  if (schema === undefined) return undefined as z.output<T>;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues
    .flatMap((issue) => toProblems(issue, pointerPrefix))
    .slice(0, MAX_PROBLEMS);
  throw invalidRequest(problems);
}

/** A request that does not fit, with what is wrong where. */
export function invalidRequest(problems: readonly Problem[]): AppError {
  const [first] = problems;
  const place = first === undefined || first.pointer === '' ? '' : ` at ${first.pointer}`;
  const more = problems.length > 1 ? `, and ${problems.length - 1} more` : '';
  return new AppError(
    'request.invalid',
    `the request is not valid${place}: ${first?.message ?? 'unknown'}${more}`,
    { problems },
  );
}

function toProblems(issue: z.core.$ZodIssue, prefix: string): readonly Problem[] {
  const pointer = prefix + issue.path.map((part) => `/${escapePointer(String(part))}`).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: `${pointer}/${escapePointer(key)}`,
      code: 'request.unknown_field',
      message: 'the field is unknown; remove it',
    }));
  }
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  if (missing) {
    return [{ pointer, code: 'request.missing_field', message: `${issue.expected} is required` }];
  }
  const code = issue.code === 'invalid_type' ? 'request.wrong_type' : 'request.invalid_value';
  return [{ pointer, code, message: issue.message }];
}
