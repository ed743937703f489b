import { expect, test } from '@jest/globals';
import { timeIn } from './current-time.ts';

const SUMMER = new Date('2026-07-01T22:30:05Z');

test.each([
  ['UTC', '2026-07-01T22:30:05+00:00', 'Wednesday'],
  ['Europe/Berlin', '2026-07-02T00:30:05+02:00', 'Thursday'],
  ['Asia/Kolkata', '2026-07-02T04:00:05+05:30', 'Thursday'],
])('tells the time in %s', (timeZone, local, weekday) => {
  expect(timeIn(timeZone, SUMMER)).toEqual({
    iso: '2026-07-01T22:30:05.000Z',
    local,
    weekday,
    timeZone,
  });
});

test('refuses a time zone that does not exist', () => {
  expect(() => timeIn('Mars/Olympus', SUMMER)).toThrow('no time zone Mars/Olympus');
});
