import { AppError } from '../contracts/app-error.ts';
import { LIMITS } from '../contracts/limits.ts';

/** Chars that cost as much as the visit of one element. */
const CHARS_PER_VISIT = 256;
/** Parts of expressions that are evaluated in loops; about as long as all visits take. */
const MAX_OPERATIONS = 10 * LIMITS.expressionVisits;
/** The longest text that an expression may build. */
const MAX_TEXT_CHARS = 1024 * 1024;

/** Counts the work of one evaluation and stops it when it is too much. */
export interface Meter {
  /** Elements that were looked at. */
  visits: number;
  /** Parts of the expression that loops evaluated. */
  operations: number;
  /** Lists and objects that the expression made; all others belong to its scope. */
  readonly made: WeakSet<object>;
  /** Regular expressions that the evaluation has used. */
  readonly patterns: Set<string>;
}

/** A meter at zero. */
export function createMeter(): Meter {
  return { visits: 0, operations: 0, made: new WeakSet(), patterns: new Set() };
}

/** Counts elements that are looked at; call it before the work is done. */
export function visit(meter: Meter, elements: number): void {
  meter.visits += elements;
  if (meter.visits > LIMITS.expressionVisits) {
    throw tooExpensive(`it visits more than ${LIMITS.expressionVisits} elements`);
  }
}

/** Counts one round of a loop whose body has so many parts. */
export function visitRound(meter: Meter, bodyParts: number): void {
  visit(meter, 1);
  meter.operations += bodyParts;
  if (meter.operations > MAX_OPERATIONS) {
    throw tooExpensive(`its loops do more than ${MAX_OPERATIONS} operations`);
  }
}

/** Counts chars that are read. */
export function readText(meter: Meter, chars: number): void {
  visit(meter, chars / CHARS_PER_VISIT);
}

/** Counts chars of a text that is built; call it before the text is. */
export function buildText(meter: Meter, chars: number): void {
  if (chars > MAX_TEXT_CHARS) {
    throw tooExpensive(`it builds a text of more than ${MAX_TEXT_CHARS} characters`);
  }
  readText(meter, chars);
}

/** Marks a list or object as made by the expression. */
export function make<T extends object>(meter: Meter, value: T): T {
  meter.made.add(value);
  return value;
}

/** Elements that may still be looked at. */
export function visitsLeft(meter: Meter): number {
  return Math.max(0, Math.floor(LIMITS.expressionVisits - meter.visits));
}

/** The failure of an evaluation that asks for too much. */
export function tooExpensive(reason: string): AppError {
  return new AppError('expression.too_expensive', `the expression is too expensive: ${reason}`);
}
