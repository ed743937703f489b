import { expect, test } from '@jest/globals';
import { escapeKey, escapeName, unescapeName } from './names.ts';

test.each(['toy:1:2', 'BAAI/bge-small:3:384', 'a_b', '_3a_', '東京', '😀 x', '..', ''])(
  'the name %p stays what it is, in characters that paths may have',
  (name) => {
    const escaped = escapeName(name);
    expect(escaped).toMatch(/^[\w.-]*$/);
    expect(unescapeName(escaped)).toBe(name);
  },
);

test('no two names become the same', () => {
  expect(escapeName(':')).not.toBe(escapeName('_3a_'));
  expect(escapeKey('a.b')).not.toBe(escapeKey('a_2e_b'));
  expect(escapeKey('a.b')).not.toContain('.');
});
