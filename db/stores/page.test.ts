import { describe, expect, test } from '@jest/globals';
import { numberPlace, rowsToRead, stepPlace, textPlace, toPage } from './page.ts';
import { LIMITS } from '../../contracts/limits.ts';

const mapping = { item: (row: number) => `item ${row}`, place: (row: number) => [row] };

describe('a page', () => {
  test('has a cursor as long as rows follow', () => {
    const request = { limit: 2 };
    expect(rowsToRead(request)).toBe(3);
    const page = toPage([1, 2, 3], request, mapping);
    expect(page.items).toEqual(['item 1', 'item 2']);
    expect(numberPlace({ limit: 2, cursor: page.nextCursor ?? '' })).toBe(2);
    expect(toPage([3], request, mapping)).toEqual({ items: ['item 3'], nextCursor: null });
    expect(toPage([], request, mapping)).toEqual({ items: [], nextCursor: null });
  });

  test.each([
    [0, 1],
    [-5, 1],
    [LIMITS.pageSize + 1, LIMITS.pageSize],
  ])('of %d is one of %d', (limit, real) => {
    expect(rowsToRead({ limit })).toBe(real + 1);
  });
});

describe('a cursor', () => {
  const encode = (place: unknown): string =>
    Buffer.from(JSON.stringify(place)).toString('base64url');

  test('is absent on the first page', () => {
    expect([textPlace({ limit: 1 }), numberPlace({ limit: 1 }), stepPlace({ limit: 1 })]).toEqual([
      null,
      null,
      null,
    ]);
  });

  const BAD: readonly [string, (page: { limit: number; cursor: string }) => unknown, unknown][] = [
    ['text', textPlace, [1]],
    ['text', textPlace, ['a', 'b']],
    ['text', textPlace, { 0: 'a' }],
    ['number', numberPlace, ['1']],
    ['number', numberPlace, [1.5]],
    ['number', numberPlace, [-1]],
    ['number', numberPlace, [2 ** 31]],
    ['step', stepPlace, [1, 'a']],
    ['step', stepPlace, [1, 'a', 2]],
    ['step', stepPlace, [1, 'a', 'b', 'c']],
  ];

  test.each(BAD)('of a %s is not made of something else', (_name, read, place) => {
    expect(() => read({ limit: 1, cursor: encode(place) })).toThrow(
      expect.objectContaining({ code: 'list.bad_cursor' }),
    );
  });

  test('that is no JSON is refused', () => {
    expect(() => textPlace({ limit: 1, cursor: '%%%' })).toThrow(
      expect.objectContaining({ code: 'list.bad_cursor' }),
    );
  });
});
