import { AppError } from '../../../contracts/app-error.ts';

/** A piece of an arithmetic expression; `at` is its place, from 0. */
export type ArithmeticToken =
  | { readonly kind: 'number'; readonly text: string; readonly value: number; readonly at: number }
  | { readonly kind: 'name' | 'sign'; readonly text: string; readonly at: number };

const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[a-zA-Z][a-zA-Z0-9_]*/y;
const SPACE = /\s*/y;
const SIGNS = '+-*/%^(),';

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** The pieces of an arithmetic expression. Throws `tool.refused` on a character of none. */
export function tokenize(text: string): readonly ArithmeticToken[] {
  const tokens: ArithmeticToken[] = [];
  let at = match(SPACE, text, 0)?.length ?? 0;
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.text.length;
    at += match(SPACE, text, at)?.length ?? 0;
  }
  return tokens;
}

function tokenAt(text: string, at: number): ArithmeticToken {
  const number = match(NUMBER, text, at);
  if (number !== null) return { kind: 'number', text: number, value: Number(number), at };
  const name = match(NAME, text, at);
  if (name !== null) return { kind: 'name', text: name, at };
  const sign = text.charAt(at);
  if (SIGNS.includes(sign)) return { kind: 'sign', text: sign, at };
  throw new AppError('tool.refused', `"${sign}" at character ${at + 1} is not arithmetic`);
}
