import { AppError } from '../../../contracts/app-error.ts';
import { tokenize, type ArithmeticToken } from './arithmetic-tokens.ts';

/** Longest expression, in characters. */
export const MAX_EXPRESSION_CHARS = 1_000;
const MAX_DEPTH = 64;

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ['pi', Math.PI],
  ['e', Math.E],
]);

interface ArithmeticFunction {
  readonly min: number;
  readonly max: number;
  readonly apply: (args: readonly number[]) => number;
}

const one = (f: (x: number) => number): ArithmeticFunction => ({
  min: 1,
  max: 1,
  apply: ([x = NaN]) => f(x),
});

const FUNCTIONS: ReadonlyMap<string, ArithmeticFunction> = new Map([
  ['sqrt', one(Math.sqrt)],
  ['abs', one(Math.abs)],
  ['floor', one(Math.floor)],
  ['ceil', one(Math.ceil)],
  ['ln', one(Math.log)],
  ['log10', one(Math.log10)],
  ['exp', one(Math.exp)],
  ['round', { min: 1, max: 2, apply: ([x = NaN, digits = 0]) => roundTo(x, digits) }],
  ['pow', { min: 2, max: 2, apply: ([x = NaN, y = NaN]) => x ** y }],
  ['min', { min: 1, max: 100, apply: (args) => Math.min(...args) }],
  ['max', { min: 1, max: 100, apply: (args) => Math.max(...args) }],
]);

/** Rounds half away from zero, shifting decimal digits as text: 2.345 has no exact binary form. */
function roundTo(value: number, digits: number): number {
  const places = Math.trunc(digits);
  const shift = (x: number, by: number): number => {
    const [mantissa = '', exponent = '0'] = String(x).split('e');
    return Number(`${mantissa}e${Number(exponent) + by}`);
  };
  return Math.sign(value) * shift(Math.round(shift(Math.abs(value), places)), -places);
}

function refuse(message: string): never {
  throw new AppError('tool.refused', message);
}

/** Reads tokens from the left; each method parses one level of binding strength. */
class Parser {
  #at = 0;
  #depth = 0;
  readonly #tokens: readonly ArithmeticToken[];

  constructor(tokens: readonly ArithmeticToken[]) {
    this.#tokens = tokens;
  }

  parse(): number {
    const value = this.#sum();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) refuse(`unexpected "${rest.text}" at character ${rest.at + 1}`);
    return value;
  }

  #sum(): number {
    let value = this.#product();
    for (;;) {
      if (this.#takes('+')) value += this.#product();
      else if (this.#takes('-')) value -= this.#product();
      else return value;
    }
  }

  #product(): number {
    let value = this.#unary();
    for (;;) {
      if (this.#takes('*')) value *= this.#unary();
      else if (this.#takes('/')) value = divide(value, this.#unary());
      else if (this.#takes('%')) value = remainder(value, this.#unary());
      else return value;
    }
  }

  #unary(): number {
    if (this.#takes('-')) return -this.#deeper(() => this.#unary());
    if (this.#takes('+')) return this.#deeper(() => this.#unary());
    return this.#power();
  }

  /** Binds to the right and stronger than a sign on its left: -2^2 is -4, 2^-1 is 0.5. */
  #power(): number {
    const base = this.#primary();
    return this.#takes('^') ? base ** this.#deeper(() => this.#unary()) : base;
  }

  #primary(): number {
    const token = this.#tokens[this.#at];
    if (token === undefined) return refuse('the expression ends too early');
    this.#at += 1;
    if (token.kind === 'number') return token.value;
    if (token.kind === 'name') return this.#named(token.text);
    if (token.text !== '(')
      return refuse(`unexpected "${token.text}" at character ${token.at + 1}`);
    const value = this.#deeper(() => this.#sum());
    this.#expect(')');
    return value;
  }

  #named(name: string): number {
    const constant = CONSTANTS.get(name);
    if (constant !== undefined) return constant;
    const fn = FUNCTIONS.get(name);
    if (fn === undefined) return refuse(`there is no function or constant "${name}"`);
    this.#expect('(');
    const args = [this.#deeper(() => this.#sum())];
    while (this.#takes(',')) args.push(this.#deeper(() => this.#sum()));
    this.#expect(')');
    if (args.length < fn.min || args.length > fn.max) {
      refuse(`${name} takes ${fn.min} to ${fn.max} arguments, not ${args.length}`);
    }
    return fn.apply(args);
  }

  #takes(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #expect(text: string): void {
    if (!this.#takes(text)) refuse(`"${text}" is missing`);
  }

  #deeper(parse: () => number): number {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) refuse(`the expression nests deeper than ${MAX_DEPTH}`);
    const value = parse();
    this.#depth -= 1;
    return value;
  }
}

function divide(a: number, b: number): number {
  return b === 0 ? refuse('division by zero') : a / b;
}

function remainder(a: number, b: number): number {
  return b === 0 ? refuse('remainder of a division by zero') : a % b;
}

/** The value of an arithmetic expression. Throws `tool.refused` with what is wrong with it. */
export function calculate(expression: string): number {
  if (expression.length > MAX_EXPRESSION_CHARS) {
    refuse(`the expression is longer than ${MAX_EXPRESSION_CHARS} characters`);
  }
  const value = new Parser(tokenize(expression)).parse();
  if (!Number.isFinite(value)) refuse('the result is not a finite number');
  return value;
}
