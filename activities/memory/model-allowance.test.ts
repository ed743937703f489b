import { describe, expect, test } from '@jest/globals';
import { createAllowance } from './model-allowance.ts';

const HOUR_MS = 3_600_000;

function allowanceOf(perHour: number) {
  let now = 0;
  const take = createAllowance(perHour, () => now);
  return {
    take,
    times: (count: number, ws = 'ws_1') => Array.from({ length: count }, () => take(ws)),
    wait: (ms: number) => {
      now += ms;
    },
  };
}

describe('an allowance', () => {
  test('ends with the last call, is told once and grows back by and by', () => {
    const { times, wait } = allowanceOf(60);
    expect(new Set(times(60))).toEqual(new Set(['granted']));
    expect(times(3)).toEqual(['just spent', 'spent', 'spent']);
    wait(HOUR_MS / 60 - 1);
    expect(times(1)).toEqual(['spent']);
    wait(1);
    expect(times(2)).toEqual(['granted', 'spent']);
  });

  test('is told again once it was whole again, and holds no more than an hour', () => {
    const { times, wait } = allowanceOf(2);
    times(3);
    wait(10 * HOUR_MS);
    expect(times(4)).toEqual(['granted', 'granted', 'just spent', 'spent']);
  });

  test('is each workspace’s own, however many there are', () => {
    const { take, times } = allowanceOf(1);
    times(1);
    for (let index = 0; index < 2_000; index += 1) expect(take(`other_${index}`)).toBe('granted');
    expect(times(1)).toEqual(['just spent']);
  });
});
