import { expect, test } from '@jest/globals';
import { NO_DEMAND, requested, sparesFor } from './demand.ts';
import type { Demand } from './demand.ts';

const MINUTE_MS = 60_000;

function after(requests: number, startMs = 0, everyMs = 1_000): Demand {
  let demand = NO_DEMAND;
  for (let i = 0; i < requests; i++) demand = requested(demand, startMs + i * everyMs);
  return demand;
}

test('nothing waits for what nobody asked for', () => {
  expect(sparesFor(NO_DEMAND, 1_000, 8)).toBe(0);
});

test('one waits after the first request, and none once it is forgotten', () => {
  const demand = after(1);
  expect(sparesFor(demand, 1_000, 8)).toBe(1);
  expect(sparesFor(demand, 3 * MINUTE_MS, 8)).toBe(1);
  expect(sparesFor(demand, 5 * MINUTE_MS, 8)).toBe(0);
});

test('more wait when more is asked for, up to the maximum', () => {
  expect(sparesFor(after(10), 10_000, 8)).toBe(3);
  expect(sparesFor(after(100), 100_000, 8)).toBe(8);
});
