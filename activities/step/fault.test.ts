import { expect, test } from '@jest/globals';
import { causesOf } from './fault.ts';

const SECRET = 'sk-canary';

test('tells class, code and place of an error and of its causes, and no messages', () => {
  const inner = Object.assign(new TypeError(`no ${SECRET}`), { code: 'ECONNREFUSED' });
  const causes = causesOf(new Error(`cannot send "${SECRET}"`, { cause: inner }));
  expect(causes).toMatchObject([{ name: 'Error' }, { name: 'TypeError', code: 'ECONNREFUSED' }]);
  for (const { frames } of causes) expect(frames[0]).toContain('fault.test.ts');
  expect(JSON.stringify(causes)).not.toContain(SECRET);
});

test.each([
  ['a message with lines like frames', new Error(`broken\n    at ${SECRET}`)],
  ['a message that was changed', Object.assign(new Error(`a\n at ${SECRET}`), { message: 'b' })],
  [
    'a name and a code that are texts',
    Object.assign(new Error(), { name: `x ${SECRET}`, code: SECRET }),
  ],
  ['a text', SECRET],
  ['an object', { apiKey: SECRET }],
])('keeps quiet about %s', (_name, error) => {
  expect(JSON.stringify(causesOf(error))).not.toContain(SECRET);
  expect(causesOf(error)).toHaveLength(1);
});

test('comes to an end where causes go in circles', () => {
  const error = new Error('broken');
  error.cause = error;
  expect(causesOf(error)).toHaveLength(5);
});
