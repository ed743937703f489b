import { BLOB_KEY } from '../contracts/blob.ts';
import { isJsonObject, type Json } from '../contracts/json.ts';
import type { Problem } from '../contracts/problem.ts';

const MAX_PROBLEMS = 20;
const NUL = '\u0000';

/** A key as a part of a JSON pointer. */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * What a parsed body holds that the service must not take: keys that mean something to JavaScript or
 * to us, text that PostgreSQL cannot store, numbers that are not finite. The first 20.
 */
export function checkJson(value: Json): readonly Problem[] {
  const problems: Problem[] = [];
  visit(value, '', problems);
  return problems.slice(0, MAX_PROBLEMS);
}

function visit(value: Json, pointer: string, problems: Problem[]): void {
  if (problems.length >= MAX_PROBLEMS) return;
  if (typeof value === 'string') {
    const flaw = flawOfText(value);
    if (flaw !== null) problems.push({ pointer, code: 'value.not_json', message: flaw });
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) problems.push(notFinite(pointer));
  } else if (Array.isArray(value)) {
    value.forEach((item: Json, index) => {
      visit(item, `${pointer}/${index}`, problems);
    });
  } else if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      const place = `${pointer}/${escapePointer(key.toWellFormed())}`;
      const problem = problemOfKey(key, item, place);
      if (problem !== null) problems.push(problem);
      else visit(item, place, problems);
    }
  }
}

function problemOfKey(key: string, item: Json, pointer: string): Problem | null {
  const flaw = flawOfText(key);
  if (flaw !== null) return { pointer, code: 'value.not_json', message: `the key ${flaw}` };
  const reserved =
    key === '__proto__' ||
    key.startsWith(BLOB_KEY) ||
    (key === 'constructor' && isJsonObject(item) && Object.hasOwn(item, 'prototype'));
  return reserved
    ? { pointer, code: 'value.reserved_key', message: 'the key is reserved; choose another' }
    : null;
}

function flawOfText(text: string): string | null {
  if (text.includes(NUL)) return 'holds the character U+0000, which cannot be stored';
  return text.isWellFormed() ? null : 'holds half of a surrogate pair, which is not text';
}

function notFinite(pointer: string): Problem {
  return { pointer, code: 'value.not_json', message: 'the number is too large for a double' };
}
