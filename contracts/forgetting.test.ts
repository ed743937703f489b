import { describe, expect, test } from '@jest/globals';
import {
  decayFactor,
  firstStability,
  FORGETTING,
  forgetAtMs,
  reinforced,
  retention,
} from './forgetting.ts';

const DAY = 24 * 3_600_000;
const WEEK = { stabilityMs: 7 * DAY, lastAccessMs: 1_000 * DAY };

describe('what is left of a memory', () => {
  test.each([
    [0, 1],
    [7, 1 / Math.E],
    [14, 1 / Math.E ** 2],
    [-3, 1],
  ])('after %d days of a stability of seven is %d', (days, left) => {
    expect(retention(WEEK, WEEK.lastAccessMs + days * DAY)).toBeCloseTo(left, 12);
  });

  test('is the threshold when it is due', () => {
    expect(retention(WEEK, forgetAtMs(WEEK))).toBeCloseTo(FORGETTING.threshold, 6);
  });

  test('lets its rank fade, but never to nothing', () => {
    expect(decayFactor(WEEK, WEEK.lastAccessMs)).toBeCloseTo(1.5, 12);
    expect(decayFactor(WEEK, WEEK.lastAccessMs + 1_000 * DAY)).toBeCloseTo(0.3, 12);
  });
});

describe('stability', () => {
  test.each([
    [0, 3.5],
    [0.5, 7],
    [1, 10.5],
  ])('of a new memory of importance %d is %d days', (importance, days) => {
    expect(firstStability(importance)).toBe(days * DAY);
  });

  test('grows with a use, the more so the more had faded', () => {
    const use = (days: number) => reinforced(WEEK, WEEK.lastAccessMs + days * DAY)?.stabilityMs;
    const [soon = 0, late = 0] = [use(1), use(30)];
    expect(soon).toBe(Math.round(7 * DAY * (2 - Math.exp(-1 / 7))));
    expect(late).toBeGreaterThan(soon);
    expect(late).toBeLessThan(14 * DAY);
  });

  test('has a ceiling', () => {
    const old = { stabilityMs: 300 * DAY, lastAccessMs: 0 };
    expect(reinforced(old, 3_000 * DAY)?.stabilityMs).toBe(FORGETTING.maxMs);
  });

  test('counts uses that follow each other closely once', () => {
    const at = WEEK.lastAccessMs + FORGETTING.coalesceMs;
    expect(reinforced(WEEK, at - 1)).toBeNull();
    expect(reinforced(WEEK, at)?.lastAccessMs).toBe(at);
  });

  test('spaced uses keep a memory longer than the same number in a row', () => {
    const after = (gapDays: number) => {
      let strength = WEEK;
      for (let use = 0; use < 5; use += 1) {
        const at = strength.lastAccessMs + gapDays * DAY;
        strength = reinforced(strength, at) ?? strength;
      }
      return strength.stabilityMs;
    };
    expect(after(7)).toBeGreaterThan(2 * after(0.5));
  });
});
