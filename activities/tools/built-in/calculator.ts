import { calculate, MAX_EXPRESSION_CHARS } from './arithmetic.ts';
import { textOf } from './text-argument.ts';
import type { Tool } from '../tool.ts';

const TIMEOUT_MS = 5_000;

/** Evaluates arithmetic. */
export const calculatorTool: Tool = {
  name: 'calculator',
  description:
    'Evaluates an arithmetic expression: + - * / % ^, parentheses, sqrt, abs, min, max, round, ' +
    'floor, ceil, ln, log10, exp, pow, pi, e.',
  parameters: {
    type: 'object',
    properties: {
      expression: {
        type: 'string',
        minLength: 1,
        maxLength: MAX_EXPRESSION_CHARS,
        description: 'For example (17 + 4) * 2',
      },
    },
    required: ['expression'],
    additionalProperties: false,
  },
  effect: 'pure',
  timeoutMs: TIMEOUT_MS,
  light: true,
  execute: (args) => Promise.resolve(calculate(textOf(args, 'expression'))),
};
