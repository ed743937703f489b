import { buildText, make, readText, visit, visitsLeft, type Meter } from './cel-meter.ts';
import { failed, isNumber, kindOf, type CelList, type CelValue } from './cel-value.ts';
import { linearRegex } from './linear-regex.ts';

/** Work of compiling a pattern, in elements visited. */
const COMPILE_VISITS = 5_000;
/** Work of matching one char against one part of a pattern, in elements visited. */
const MATCH_VISITS = 1 / 2_048;
/** A search may look at a char again for every so many chars of what is searched for. */
const NEEDLE_CHARS = 64;

/** A method of texts: its text, then its arguments. */
export type TextMethod = (meter: Meter, text: string, args: CelList) => CelValue;

/** The methods of texts, with the least and the largest number of arguments. */
export const TEXT_METHODS: Readonly<Record<string, readonly [number, number, TextMethod]>> = {
  contains: [1, 1, (meter, text, args) => find(meter, text, textAt(args, 0)) >= 0],
  startsWith: [1, 1, (meter, text, args) => prefix(meter, text.startsWith.bind(text), args)],
  endsWith: [1, 1, (meter, text, args) => prefix(meter, text.endsWith.bind(text), args)],
  indexOf: [1, 1, (meter, text, args) => BigInt(find(meter, text, textAt(args, 0)))],
  lastIndexOf: [1, 1, findLast],
  matches: [1, 1, matches],
  lowerAscii: [0, 0, (meter, text) => mapAscii(meter, text, [/[A-Z]+/g, 'toLowerCase'])],
  upperAscii: [0, 0, (meter, text) => mapAscii(meter, text, [/[a-z]+/g, 'toUpperCase'])],
  trim: [0, 0, trim],
  split: [1, 2, split],
  replace: [2, 2, replace],
  substring: [1, 2, substring],
  charAt: [1, 1, (_, text, args) => text.charAt(positionAt(args, 0, text.length))],
};

/** Number of code points. */
export function countCodePoints(meter: Meter, text: string): bigint {
  readText(meter, text.length);
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdbff) {
      count--;
      index++;
    }
  }
  return BigInt(count);
}

/** The texts of a list with a separator between them. */
export function joinTexts(meter: Meter, list: CelList, separator: string): string {
  visit(meter, list.length);
  const texts = list.map((item) => {
    if (typeof item === 'string') return item;
    throw failed(`join() takes a list of texts; one element is ${kindOf(item)}`);
  });
  const chars = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  buildText(meter, chars);
  return texts.join(separator);
}

/** The text among a function's arguments. */
export function textAt(args: CelList, index: number): string {
  const value = args[index] ?? null;
  if (typeof value === 'string') return value;
  throw failed(`a function takes a text but was given ${kindOf(value)}`);
}

function positionAt(args: CelList, index: number, max: number): number {
  const value = args[index] ?? null;
  const position = isNumber(value) ? Number(value) : NaN;
  if (Number.isInteger(position) && position >= 0 && position <= max) return position;
  throw failed('a position is outside the text');
}

function searchText(meter: Meter, text: string, needle: string): void {
  readText(meter, text.length * (1 + needle.length / NEEDLE_CHARS));
}

function find(meter: Meter, text: string, needle: string): number {
  searchText(meter, text, needle);
  return text.indexOf(needle);
}

function findLast(meter: Meter, text: string, args: CelList): CelValue {
  const needle = textAt(args, 0);
  searchText(meter, text, needle);
  return BigInt(text.lastIndexOf(needle));
}

function prefix(meter: Meter, test: (needle: string) => boolean, args: CelList): boolean {
  const needle = textAt(args, 0);
  readText(meter, needle.length);
  return test(needle);
}

function mapAscii(
  meter: Meter,
  text: string,
  change: readonly [RegExp, 'toLowerCase' | 'toUpperCase'],
): string {
  buildText(meter, text.length);
  visit(meter, text.length / 16);
  const [letters, method] = change;
  return text.replace(letters, (part) => part[method]());
}

function trim(meter: Meter, text: string): string {
  readText(meter, text.length);
  return text.trim();
}

function split(meter: Meter, text: string, args: CelList): CelValue {
  const separator = textAt(args, 0);
  const parts = pieces(meter, text, separator);
  if (args.length < 2) return make(meter, parts);
  const count = Number(args[1]);
  if (count === 0) return make(meter, []);
  if (!(count > 0) || parts.length <= count) return make(meter, parts);
  return make(meter, [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]);
}

/** The text cut at every separator; never into more pieces than may be visited. */
function pieces(meter: Meter, text: string, separator: string): string[] {
  searchText(meter, text, separator);
  const parts = text.split(separator, visitsLeft(meter) + 1);
  visit(meter, parts.length);
  return parts;
}

function replace(meter: Meter, text: string, args: CelList): CelValue {
  const [search, replacement] = [textAt(args, 0), textAt(args, 1)];
  if (search === '') throw failed('replace() needs a text to search for');
  const parts = pieces(meter, text, search);
  buildText(meter, text.length + (parts.length - 1) * (replacement.length - search.length));
  return parts.join(replacement);
}

function substring(meter: Meter, text: string, args: CelList): CelValue {
  const start = positionAt(args, 0, text.length);
  const end = args.length > 1 ? positionAt(args, 1, text.length) : text.length;
  if (end < start) throw failed('substring() ends before it begins');
  readText(meter, end - start);
  return text.slice(start, end);
}

/** Linear in the text, whatever the pattern: RE2 does not backtrack. */
function matches(meter: Meter, text: string, args: CelList): CelValue {
  const source = textAt(args, 0);
  if (!meter.patterns.has(source)) {
    // Counted also when it is cached: whether an evaluation succeeds must not depend on earlier ones.
    visit(meter, COMPILE_VISITS);
    meter.patterns.add(source);
  }
  const compiled = linearRegex(source);
  if ('problem' in compiled) throw failed(compiled.problem);
  visit(meter, 1 + compiled.regex.costOf(text) * MATCH_VISITS);
  return compiled.regex.find(text);
}
