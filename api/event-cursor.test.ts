import { describe, expect, test } from '@jest/globals';
import { parseEventCursor, parseNumberCursor, refuseBeyond } from './event-cursor.ts';

describe('cursors of events', () => {
  test.each([
    [undefined, { seq: 0, sub: 0 }],
    ['', { seq: 0, sub: 0 }],
    ['0', { seq: 0, sub: 0 }],
    ['12', { seq: 12, sub: 0 }],
    ['12.3', { seq: 12, sub: 3 }],
  ])('reads %j', (text, position) => {
    expect(parseEventCursor(text)).toEqual(position);
  });

  test.each(['-1', 'abc', '1.', '.5', '1.2.3', '1e3', ' 1', '0x10', '1'.repeat(16), '１'])(
    'refuses %j',
    (text) => {
      expect(() => parseEventCursor(text)).toThrow(
        expect.objectContaining({ code: 'events.bad_cursor' }),
      );
    },
  );

  test('may be refused between entries', () => {
    expect(parseNumberCursor('12')).toEqual({ seq: 12, sub: 0 });
    expect(parseNumberCursor(undefined)).toEqual({ seq: 0, sub: 0 });
    expect(() => parseNumberCursor('12.3')).toThrow(
      expect.objectContaining({ code: 'events.bad_cursor' }),
    );
  });

  test('takes the last event and refuses what lies behind it', () => {
    expect(() => {
      refuseBeyond({ seq: 7, sub: 4 }, 7);
    }).not.toThrow();
    expect(() => {
      refuseBeyond({ seq: 8, sub: 0 }, 7);
    }).toThrow(expect.objectContaining({ code: 'events.cursor_out_of_range' }));
  });
});
