import { expect, test } from '@jest/globals';
import { createRunSchema } from '../contracts/run.schema.ts';
import { parseQuery } from './query-parser.ts';
import { parseWith } from './parse.ts';

function problemsOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return (error as { problems: readonly { pointer: string; code: string }[] }).problems.map(
      ({ pointer, code }) => `${pointer} ${code}`,
    );
  }
  throw new Error('nothing was refused');
}

test.each([
  [{}, ['/agent request.missing_field']],
  [{ agent: 1 }, ['/agent request.wrong_type']],
  [{ agent: '' }, ['/agent request.invalid_value']],
  [{ agent: 'a', 'x/y': 1 }, ['/x~1y request.unknown_field']],
  [{ agent: 'a', newThread: 'yes' }, ['/newThread request.wrong_type']],
  [[], [' request.wrong_type']],
  ['text', [' request.wrong_type']],
  [null, [' request.wrong_type']],
])('tells what is wrong with %j, and where', (body, expected) => {
  expect(problemsOf(() => parseWith(createRunSchema, body, ''))).toEqual(expected);
});

test.each([
  ['a=1&a=2', ['/query/a request.invalid_value']],
  ['a=x%00y', ['/query/a request.invalid_value']],
])('refuses the query %s', (text, expected) => {
  expect(problemsOf(() => parseQuery(text))).toEqual(expected);
});

test('reads queries without touching prototypes', () => {
  const query = parseQuery('__proto__=1&b=%20c+d');
  expect(Object.entries(query)).toEqual([
    ['__proto__', '1'],
    ['b', ' c d'],
  ]);
  expect(Object.getPrototypeOf(query)).toBe(Object.prototype);
});
