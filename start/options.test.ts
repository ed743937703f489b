import { expect, test } from '@jest/globals';
import { parseStartOptions } from './options.ts';

const PLAIN = { help: false, roles: ['api', 'worker'], demo: true, port: null };

test.each([
  [[], PLAIN],
  [['--no-demo'], { ...PLAIN, demo: false }],
  [['--port', '0'], { ...PLAIN, port: 0 }],
  [['--port=7500'], { ...PLAIN, port: 7500 }],
  [['--only', 'worker'], { ...PLAIN, roles: ['worker'], demo: false }],
  [['--only=api', '--no-demo'], { ...PLAIN, roles: ['api'], demo: false }],
  [['--help'], { ...PLAIN, help: true }],
])('%j is understood', (args, options) => {
  expect(parseStartOptions(args)).toEqual(options);
});

test.each([
  [['--only', 'ui'], '--only is "ui"'],
  [['--port', '70000'], '--port is "70000"'],
  [['--port', '7e'], '--port is "7e"'],
  [['--prot', '1'], "Unknown option '--prot'"],
  [['extra'], 'Usage: npm start'],
])('%j is refused with a sentence', (args, words) => {
  expect(() => parseStartOptions(args)).toThrow(words);
});
