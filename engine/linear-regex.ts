import { createLru } from './lru.ts';
import { RE2JS } from 're2js';

const PATTERN_CHARS = 256;
const PATTERN_PARTS = 2_000;
/** A char costs as much as so many parts, however small the pattern is. */
const MIN_PARTS_PER_CHAR = 128;

/** A regular expression whose search takes time linear in its text: RE2 never backtracks. */
export interface LinearRegex {
  /** True when the pattern occurs in the text. */
  find(text: string): boolean;
  /** Work that a search takes: chars times parts of the pattern. */
  costOf(text: string): number;
}

/** A regular expression, or why there is none. */
export type CompiledRegex = { readonly regex: LinearRegex } | { readonly problem: string };

const compiled = createLru<CompiledRegex>(300);

/** Compiles a regular expression in RE2's syntax: JavaScript's without lookaround and backreferences. */
export function linearRegex(pattern: string): CompiledRegex {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const fresh = compile(pattern);
  compiled.set(pattern, fresh);
  return fresh;
}

function compile(pattern: string): CompiledRegex {
  if (pattern.length > PATTERN_CHARS) {
    return { problem: `a pattern has more than ${PATTERN_CHARS} characters` };
  }
  let program: RE2JS;
  try {
    program = RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'no reason is known';
    return { problem: `a pattern is not valid: ${reason}` };
  }
  const parts = program.programSize();
  if (parts > PATTERN_PARTS) return { problem: 'a pattern is too complex' };
  return {
    regex: {
      find: (text) => program.matcher(text).find(),
      costOf: (text) => text.length * Math.max(MIN_PARTS_PER_CHAR, parts),
    },
  };
}
