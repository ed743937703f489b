import { expect, test } from '@jest/globals';
import { inScope, toCondition, toNumbers, toTokens } from './filter.ts';

test('whatever is asked, workspace and generation are asked too', () => {
  const scope = { workspaceId: 'ws_1', generation: '0', profile: 'dialogue' } as const;
  const asked = toCondition({ not: { field: 'ns', in: ['ws_2'] } });
  expect(inScope(scope, [asked]).must).toEqual([
    { key: 'ns', match: { value: 'ws_1' } },
    { key: 'generation', match: { value: '0' } },
    { key: 'profile', match: { value: 'dialogue' } },
    { must_not: [{ key: 'attributes', match: { any: ['ns="ws_2"'] } }] },
  ]);
});

test('a field reaches no payload but its own', () => {
  expect(toCondition({ field: '] .ns', below: 3 })).toEqual({
    key: 'numbers._5d__20__2e_ns',
    range: { gte: -Number.MAX_VALUE, lt: 3 },
  });
});

test('attributes are kept by name and kind', () => {
  const attributes = { user: 'u1', year: 2020.5, pinned: true, tags: ['red', 'a=b'] };
  expect(toTokens(attributes)).toEqual([
    'user="u1"',
    'year=2020.5',
    'pinned=true',
    'tags="red"',
    'tags="a=b"',
  ]);
  expect(toNumbers(attributes)).toEqual({ year: 2020.5 });
});
