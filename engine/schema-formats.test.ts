import { describe, expect, test } from '@jest/globals';
import { validateJson } from './json-schema.ts';

describe('formats', () => {
  test.each([
    ['date', ['2026-02-28', '2024-02-29'], ['2026-02-30', '2026-13-01', 'today']],
    ['time', ['10:00:00Z', '10:00:00.5+01:00'], ['25:00:00Z', '10:00']],
    [
      'date-time',
      ['2026-01-01T10:00:00Z', '2026-01-01t10:00:00+01:00'],
      ['2026-01-01', '2026-01-01X10:00:00Z', '2026-01-32T10:00:00Z'],
    ],
    ['email', ['a.b@c.de'], ['a', 'a@b c', '@c.de']],
    ['uuid', ['6ba7b810-9dad-11d1-80b4-00c04fd430c8'], ['6ba7b810']],
    ['ipv4', ['127.0.0.1'], ['127.0.0.256', '1.2.3', '1.2.3.4.', '1.2.3.4.5']],
    ['hostname', ['a-b.example'], ['-a.example', 'a..b']],
    ['uri', ['https://a.example/b?c#d', 'urn:a:b'], ['a b', '/relative']],
    ['telepathy', ['anything'], []],
    ['toString', ['anything'], []],
  ])('knows the format %s', (format, good, bad) => {
    for (const text of good) expect(validateJson({ format }, text)).toEqual([]);
    for (const text of bad)
      expect(validateJson({ format }, text)).toMatchObject([{ code: 'schema.format' }]);
    expect(validateJson({ format }, 1)).toEqual([]);
  });
});
