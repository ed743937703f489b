import { describe, expect, test } from '@jest/globals';
import { calculate } from './arithmetic.ts';

describe('calculate', () => {
  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['2 ^ -1', 0.5],
    ['10 % 4', 2],
    ['7 / 2', 3.5],
    ['1e3 + .5', 1000.5],
    ['sqrt(16) + abs(-3)', 7],
    ['min(4, 2, 8) + max(1, 9)', 11],
    ['round(2.345, 2)', 2.35],
    ['round(-2.5)', -3],
    ['floor(2.9) + ceil(2.1)', 5],
    ['ln(e) + log10(1000) + exp(0)', 5],
    ['pow(2, 10)', 1024],
    ['2 * pi', 2 * Math.PI],
    ['--1', 1],
  ])('evaluates %s', (expression, value) => {
    expect(calculate(expression)).toBeCloseTo(value, 10);
  });

  test.each([
    ['', 'too early'],
    ['1 +', 'too early'],
    ['1 / 0', 'division by zero'],
    ['1 % 0', 'division by zero'],
    ['sqrt(-1)', 'not a finite number'],
    ['10 ^ 400', 'not a finite number'],
    ['process.exit()', 'not arithmetic'],
    ['exit()', 'no function or constant'],
    ['constructor(1)', 'no function or constant'],
    ['2 2', 'unexpected "2"'],
    ['(1', '")" is missing'],
    ['pow(1)', 'takes 2 to 2 arguments'],
    ['1; 2', 'is not arithmetic'],
    ['('.repeat(100) + '1' + ')'.repeat(100), 'nests deeper'],
    ['-'.repeat(100) + '1', 'nests deeper'],
    ['1+'.repeat(600) + '1', 'longer than'],
  ])('refuses %s', (expression, reason) => {
    expect(() => calculate(expression)).toThrow(reason);
  });
});
