import { describe, expect, test } from '@jest/globals';
import { durationMs, retryAfterMs } from './retry-after.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function waitOf(headers: Record<string, string>): number | undefined {
  return retryAfterMs((name) => headers[name] ?? null, NOW);
}

describe('the wait that a response asks for', () => {
  test.each([
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after-ms': '250', 'retry-after': '9' }, 250],
    [{ 'retry-after-ms': 'soon', 'retry-after': '9' }, 9_000],
    [{ 'retry-after': '1.5' }, 1_500],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 31 Dec 2025 23:00:00 GMT' }, 0],
    [{ 'retry-after': '86400' }, 600_000],
    [{ 'retry-after-ms': '86400000' }, 600_000],
    [{ 'retry-after': 'Fri, 02 Jan 2026 00:00:00 GMT' }, 600_000],
    [{ 'retry-after': '-5' }, undefined],
    [{ 'retry-after': 'tomorrow' }, undefined],
    [{ 'retry-after': '' }, undefined],
    [{}, undefined],
  ])('%j is %p ms', (headers, expected) => {
    expect(waitOf({ ...headers })).toBe(expected);
  });

  test.each([
    ['34s', 34_000],
    ['0.5s', 500],
    ['9000s', 600_000],
    ['34', undefined],
  ])('the duration %s is %p ms', (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });
});
