import { countCodePoints, joinTexts, textAt, TEXT_METHODS } from './cel-text.ts';
import { buildText, visit, type Meter } from './cel-meter.ts';
import {
  isDuration,
  isTime,
  parseDuration,
  parseTime,
  printTime,
  TIME_PARTS,
  timeAt,
  type CelDuration,
  type CelTime,
} from './cel-time.ts';
import { checkInt } from './cel-operators.ts';
import {
  failed,
  isList,
  isMap,
  isNumber,
  kindOf,
  toJson,
  type CelList,
  type CelValue,
} from './cel-value.ts';

/** A function with the least and the largest number of arguments, its receiver not counted. */
export interface CelFunction {
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly run: (meter: Meter, args: CelList) => CelValue;
}

/** Functions called as `f(x)`. */
export const GLOBAL_FUNCTIONS: ReadonlyMap<string, CelFunction> = new Map(
  Object.entries({
    size: unary(size),
    string: unary(toText),
    int: unary((_, value) => toInt(value)),
    double: unary((_, value) => toDouble(value)),
    bool: unary((_, value) => toBool(value)),
    dyn: unary((_, value) => value),
    timestamp: unary((_, value) => toTime(value)),
    duration: unary((_, value) => toDuration(value)),
  }),
);

/** Functions called as `x.f()`; the receiver is the first of the arguments that they are given. */
export const METHODS: ReadonlyMap<string, CelFunction> = new Map([
  ['size', { ...unary(size), minArgs: 0, maxArgs: 0 }],
  ['join', { minArgs: 0, maxArgs: 1, run: join }],
  ...textMethods(),
  ...timeMethods(),
]);

/** The value as text: texts as they are, other values as JSON. */
export function toText(meter: Meter, value: CelValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (isTime(value) || isDuration(value)) return printTime(value);
  const text = JSON.stringify(toJson(meter, value));
  buildText(meter, text.length);
  return text;
}

function unary(run: (meter: Meter, value: CelValue) => CelValue): CelFunction {
  return { minArgs: 1, maxArgs: 1, run: (meter, args) => run(meter, args[0] ?? null) };
}

function textMethods(): [string, CelFunction][] {
  return Object.entries(TEXT_METHODS).map(([name, [minArgs, maxArgs, method]]) => [
    name,
    {
      minArgs,
      maxArgs,
      run: (meter, [text, ...args]) => method(meter, textAt([text ?? null], 0), args),
    },
  ]);
}

function timeMethods(): [string, CelFunction][] {
  return Object.entries(TIME_PARTS).map(([name, part]) => [
    name,
    {
      minArgs: 0,
      maxArgs: 0,
      run: (_, [value = null]) => {
        const number = isTime(value)
          ? part.time?.(new Date(value.ms))
          : isDuration(value)
            ? part.span?.(value.ms)
            : undefined;
        if (number === undefined) throw failed(`${kindOf(value)} has no ${name}()`);
        return BigInt(Math.trunc(number));
      },
    },
  ]);
}

function join(meter: Meter, [list = null, separator = '']: CelList): CelValue {
  if (!isList(list)) throw failed(`join() takes a list but was given ${kindOf(list)}`);
  return joinTexts(meter, list, textAt([separator], 0));
}

function size(meter: Meter, value: CelValue): bigint {
  if (typeof value === 'string') return countCodePoints(meter, value);
  if (isList(value)) return BigInt(value.length);
  if (!isMap(value)) throw failed(`${kindOf(value)} has no size`);
  const { length } = Object.keys(value);
  visit(meter, length);
  return BigInt(length);
}

function toInt(value: CelValue): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isFinite(value))
    return checkInt(BigInt(Math.trunc(value)));
  if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value)) return checkInt(BigInt(value));
  if (isTime(value)) return BigInt(Math.floor(value.ms / 1_000));
  throw failed(`int() cannot take this value, ${kindOf(value)}`);
}

function toDouble(value: CelValue): number {
  if (isNumber(value)) return Number(value);
  const isDecimal =
    typeof value === 'string' && /^[+-]?\d{1,32}(\.\d{1,32})?(e[+-]?\d{1,3})?$/i.test(value);
  if (isDecimal) return Number(value);
  throw failed(`double() cannot take this value, ${kindOf(value)}`);
}

function toBool(value: CelValue): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true') return true;
  if (value === 'false') return false;
  throw failed(`bool() cannot take this value, ${kindOf(value)}`);
}

function toTime(value: CelValue): CelTime {
  if (isTime(value)) return value;
  const time =
    typeof value === 'string'
      ? parseTime(value)
      : isNumber(value)
        ? timeAt(Number(value) * 1_000)
        : null;
  if (time === null) throw failed('timestamp() takes ISO 8601 with a time zone, or seconds');
  return time;
}

function toDuration(value: CelValue): CelDuration {
  if (isDuration(value)) return value;
  const duration = typeof value === 'string' ? parseDuration(value) : null;
  if (duration === null) throw failed('duration() takes a text such as 1h30m');
  return duration;
}
