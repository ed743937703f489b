import { AppError } from '../contracts/app-error.ts';
import { failed, isList, isMap, kindOf, type CelList, type CelValue } from './cel-value.ts';
import { make, visit, visitRound, type Meter } from './cel-meter.ts';
import type { Env, Run } from './cel-program.ts';

/** CEL's loops with the numbers of arguments that they may have. */
const LOOPS: Readonly<Record<string, readonly number[]>> = {
  all: [2],
  exists: [2],
  exists_one: [2],
  filter: [2],
  map: [2, 3],
};

/** The compiled parts of a loop. */
export interface LoopParts {
  readonly range: Run;
  /** What is done with every element: a condition, a transformation, or both in this order. */
  readonly body: readonly [Run] | readonly [Run, Run];
  /** Number of parts in the body. */
  readonly bodyParts: number;
  /** Place of the loop variable in `locals`. */
  readonly slot: number;
}

/** True for the name of a loop. */
export function isLoop(name: string): boolean {
  return Object.hasOwn(LOOPS, name);
}

/** True when a loop may have so many arguments. */
export function fitsLoop(name: string, args: number): boolean {
  return LOOPS[name]?.includes(args) ?? false;
}

/** A loop, ready to run. */
export function loopOf(name: string, parts: LoopParts): Run {
  const [first, second] = parts.body;
  switch (name) {
    case 'all':
      return (env) => quantify(env, parts, false);
    case 'exists':
      return (env) => quantify(env, parts, true);
    case 'exists_one':
      return (env) => collect(env, parts, { when: first, what: item }).length === 1;
    case 'filter':
      return (env) => make(env.meter, collect(env, parts, { when: first, what: item }));
    default: {
      const how = second === undefined ? { what: first } : { when: first, what: second };
      return (env) => make(env.meter, collect(env, parts, how));
    }
  }

  function item(env: Env): CelValue {
    return env.locals[parts.slot] ?? null;
  }
}

/** The boolean of a condition. */
export function condition(value: CelValue): boolean {
  if (typeof value === 'boolean') return value;
  throw failed(`a condition is ${kindOf(value)} and not a boolean`);
}

/** Runs a condition; a failure that another operand may make irrelevant comes back as a value. */
export function attempt(run: Run, env: Env): boolean | AppError {
  try {
    return condition(run(env));
  } catch (error) {
    if (error instanceof AppError && error.code === 'expression.failed') return error;
    throw error;
  }
}

/** True as soon as one element decides; a failure counts only when no element does. */
function quantify(env: Env, parts: LoopParts, decisive: boolean): boolean {
  let failure: AppError | null = null;
  for (const element of elements(env.meter, parts.range(env))) {
    visitRound(env.meter, parts.bodyParts);
    env.locals[parts.slot] = element;
    const answer = attempt(parts.body[0], env);
    if (answer === decisive) return decisive;
    if (answer instanceof AppError) failure ??= answer;
  }
  if (failure !== null) throw failure;
  return !decisive;
}

function collect(
  env: Env,
  parts: LoopParts,
  how: { readonly when?: Run; readonly what: Run },
): CelValue[] {
  const list: CelValue[] = [];
  for (const element of elements(env.meter, parts.range(env))) {
    visitRound(env.meter, parts.bodyParts);
    env.locals[parts.slot] = element;
    if (how.when === undefined || condition(how.when(env))) list.push(how.what(env));
  }
  return list;
}

function elements(meter: Meter, range: CelValue): CelList {
  if (isList(range)) return range;
  if (!isMap(range)) throw failed(`${kindOf(range)} has no elements to go through`);
  const keys = Object.keys(range);
  visit(meter, keys.length);
  return keys;
}
