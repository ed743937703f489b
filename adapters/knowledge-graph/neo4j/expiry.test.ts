import { expect, test } from '@jest/globals';
import { earlierEnds, type KnownVersion } from './expiry.ts';

function known(version: number, recordedAt: number, expiredAt: number | null): KnownVersion {
  return { id: 'f', version, recordedAt, expiredAt };
}

test('a version ends when any later one is known, whichever of them are there', () => {
  expect(earlierEnds([known(1, 10, null), known(3, 30, null)])).toEqual([known(1, 10, 30)]);
  const late = [known(2, 20, null), known(1, 10, 30), known(3, 30, null)];
  expect(earlierEnds(late)).toEqual([known(2, 20, 30), known(1, 10, 20)]);
});

test('what ends already stays, and facts do not end each other', () => {
  expect(earlierEnds([known(1, 10, 20), known(2, 20, null)])).toEqual([]);
  expect(earlierEnds([known(1, 10, 15), known(2, 20, null)])).toEqual([]);
  expect(earlierEnds([known(1, 10, null), { ...known(2, 20, null), id: 'g' }])).toEqual([]);
});
