/** How often something was asked for lately; old requests count less and less. */
export interface Demand {
  readonly weight: number;
  readonly atMs: number;
}

/** Nothing was ever asked for. */
export const NO_DEMAND: Demand = { weight: 0, atMs: 0 };

const HALF_LIFE_MS = 120_000;
/** One request is forgotten after two half-lives. */
const FORGOTTEN = 0.25;
const REQUESTS_PER_SPARE = 4;

function weightAt(demand: Demand, nowMs: number): number {
  return demand.weight * 2 ** (-(nowMs - demand.atMs) / HALF_LIFE_MS);
}

/** The demand after one more request. */
export function requested(demand: Demand, nowMs: number): Demand {
  return { weight: weightAt(demand, nowMs) + 1, atMs: nowMs };
}

/** How many should wait for that demand: none after a quiet while, otherwise one at least. */
export function sparesFor(demand: Demand, nowMs: number, most: number): number {
  const weight = weightAt(demand, nowMs);
  if (weight <= FORGOTTEN) return 0;
  return Math.min(most, Math.ceil(weight / REQUESTS_PER_SPARE));
}
