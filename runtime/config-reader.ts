import type { Env, EnvName } from './env.ts';

/** The environment while it is read, and what is wrong with it so far. */
export interface Reader {
  readonly problems: string[];
  readonly env: Env;
}

/** A whole number; `range` is its default, its least and its greatest. */
export function integer(
  reader: Reader,
  name: EnvName,
  range: readonly [number, number, number],
): number {
  const [fallback, min, max] = range;
  const text = reader.env[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  reader.problems.push(`${name} is "${text}"; it must be a whole number from ${min} to ${max}`);
  return fallback;
}

/** Items between commas. */
export function list(reader: Reader, name: EnvName): readonly string[] {
  return (reader.env[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Items between commas, each one of those that are known. */
export function names<T extends string>(
  reader: Reader,
  variable: EnvName,
  known: readonly T[],
): readonly T[] {
  const given = list(reader, variable);
  const unknown = given.filter((name) => !known.some((one) => one === name));
  if (unknown.length > 0) {
    reader.problems.push(`${variable} names ${unknown.join(', ')}; use ${known.join(', ')}`);
  }
  return known.filter((one) => given.includes(one));
}
