import { expect, test } from '@jest/globals';
import { createStreamCursor } from './stream-cursor.ts';

test('delivers the next entry, drops known ones and sees gaps', () => {
  const cursor = createStreamCursor(undefined);
  expect(cursor.id()).toBeNull();
  expect(cursor.take({ seq: 2 })).toBe('gap');
  expect(cursor.take({ seq: 1 })).toBe('next');
  expect(cursor.take({ seq: 1 })).toBe('known');
  expect(cursor.take({ seq: 3 })).toBe('gap');
  expect(cursor.take({ seq: 2 })).toBe('next');
  expect(cursor.id()).toBe('2');
});

test('orders pieces of text behind their entry and lets pruned ones be missing', () => {
  const cursor = createStreamCursor('12.3');
  expect(cursor.id()).toBe('12.3');
  expect(cursor.take({ seq: 12, sub: 3 })).toBe('known');
  expect(cursor.take({ seq: 12 })).toBe('known');
  expect(cursor.take({ seq: 12, sub: 7 })).toBe('next');
  expect(cursor.take({ seq: 13, sub: 1 })).toBe('gap');
  expect(cursor.take({ seq: 13 })).toBe('next');
  expect(cursor.take({ seq: 12, sub: 9 })).toBe('known');
});

test.each(['', 'x', '-1', '1.', '.1', '1.2.3', '99999999999999999'])(
  'refuses to begin behind %p',
  (after) => {
    expect(() => createStreamCursor(after)).toThrow(
      expect.objectContaining({ code: 'events.bad_cursor' }),
    );
  },
);
