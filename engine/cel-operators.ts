import { buildText, make, readText, visit, type Meter } from './cel-meter.ts';
import { durationOf, isDuration, isTime, timeAt, type CelTime } from './cel-time.ts';
import { equals, failed, isList, isMap, isNumber, kindOf, type CelValue } from './cel-value.ts';

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

/** What an infix operator does with its operands. */
export type BinaryOperation = (meter: Meter, a: CelValue, b: CelValue) => CelValue;

/** The infix operators of CEL but `&&` and `||`, which do not always need both sides. */
export const BINARY_OPERATIONS: Readonly<Record<string, BinaryOperation>> = {
  '==': equals,
  '!=': (meter, a, b) => !equals(meter, a, b),
  '<': (meter, a, b) => compare(meter, '<', [a, b]) < 0,
  '<=': (meter, a, b) => compare(meter, '<=', [a, b]) <= 0,
  '>': (meter, a, b) => compare(meter, '>', [a, b]) > 0,
  '>=': (meter, a, b) => compare(meter, '>=', [a, b]) >= 0,
  in: contains,
  '+': add,
  '-': subtract,
  '*': (_, a, b) => arithmetic('*', [a, b]),
  '/': (_, a, b) => arithmetic('/', [a, b]),
  '%': (_, a, b) => arithmetic('%', [a, b]),
};

/** The negative of a number or span. */
export function negate(value: CelValue): CelValue {
  if (isDuration(value)) return durationOf(-value.ms);
  if (typeof value === 'bigint') return checkInt(-value);
  if (typeof value === 'number') return -value;
  throw failed(`${kindOf(value)} has no negative`);
}

/** An element of a list or a field of an object. */
export function at(container: CelValue, index: CelValue): CelValue {
  if (isList(container)) {
    const position = isNumber(index) ? Number(index) : NaN;
    const item = Number.isInteger(position) ? container[position] : undefined;
    if (item === undefined) throw failed(`the list has no element at this index`);
    return item;
  }
  if (typeof index !== 'string') throw failed(`${kindOf(container)} has no such element`);
  return field(container, index);
}

/** A field of an object. */
export function field(container: CelValue, name: string): CelValue {
  const value = ownField(container, name);
  if (value === undefined) throw failed(`${kindOf(container)} has no field ${name.slice(0, 64)}`);
  return value;
}

/** The object's own field; undefined if there is none. */
export function ownField(container: CelValue, name: string): CelValue | undefined {
  return isMap(container) && Object.hasOwn(container, name) ? container[name] : undefined;
}

/** Refuses integers of more than 64 bits. */
export function checkInt(value: bigint): bigint {
  if (value >= MIN_INT && value <= MAX_INT) return value;
  throw failed('an integer has more than 64 bits');
}

type Operands = readonly [CelValue, CelValue];

function mismatch(operator: string, [a, b]: Operands): Error {
  return failed(`${operator} cannot take ${kindOf(a)} and ${kindOf(b)}`);
}

function compare(meter: Meter, operator: string, operands: Operands): number {
  const [a, b] = operands;
  if (isNumber(a) && isNumber(b)) return order(a, b);
  if (typeof a === 'string' && typeof b === 'string') {
    readText(meter, Math.min(a.length, b.length));
    return order(a, b);
  }
  if (isTime(a) && isTime(b)) return order(a.ms, b.ms);
  if (isDuration(a) && isDuration(b)) return order(a.ms, b.ms);
  if (typeof a === 'boolean' && typeof b === 'boolean') return order(Number(a), Number(b));
  throw mismatch(operator, operands);
}

/** NaN, which is below and above everything, makes every comparison false. */
function order<T extends number | bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : a >= b ? 0 : NaN;
}

function contains(meter: Meter, item: CelValue, container: CelValue): boolean {
  if (isList(container)) {
    return container.some((other) => {
      visit(meter, 1);
      return equals(meter, item, other);
    });
  }
  if (isMap(container)) return typeof item === 'string' && Object.hasOwn(container, item);
  throw mismatch('in', [item, container]);
}

function add(meter: Meter, a: CelValue, b: CelValue): CelValue {
  if (typeof a === 'string' && typeof b === 'string') {
    buildText(meter, a.length + b.length);
    return a + b;
  }
  if (isList(a) && isList(b)) {
    visit(meter, a.length + b.length);
    return make(meter, [...a, ...b]);
  }
  if (isDuration(a)) {
    if (isDuration(b)) return durationOf(a.ms + b.ms);
    if (isTime(b)) return checkTime(a.ms + b.ms);
  }
  if (isTime(a) && isDuration(b)) return checkTime(a.ms + b.ms);
  return arithmetic('+', [a, b]);
}

function subtract(_: Meter, a: CelValue, b: CelValue): CelValue {
  if (isDuration(a) && isDuration(b)) return durationOf(a.ms - b.ms);
  if (isTime(a)) {
    if (isTime(b)) return durationOf(a.ms - b.ms);
    if (isDuration(b)) return checkTime(a.ms - b.ms);
  }
  return arithmetic('-', [a, b]);
}

function checkTime(ms: number): CelTime {
  const time = timeAt(ms);
  if (time === null) throw failed('a timestamp is outside the years 1 to 9999');
  return time;
}

function arithmetic(operator: string, operands: Operands): CelValue {
  const [a, b] = operands;
  if (!isNumber(a) || !isNumber(b)) throw mismatch(operator, operands);
  const divides = operator === '/' || operator === '%';
  if (divides && Number(b) === 0) throw failed('division by zero');
  if (typeof a === 'bigint' && typeof b === 'bigint') return checkInt(ofInts(operator, a, b));
  return ofDoubles(operator, Number(a), Number(b));
}

function ofInts(operator: string, a: bigint, b: bigint): bigint {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return a % b;
  }
}

function ofDoubles(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return a % b;
  }
}
