import type { BenchOptions } from './options.ts';

/** How much is measured; every part ends by itself behind its time. */
export interface BenchPlan {
  readonly warmUpRuns: number;
  readonly throughputMs: number;
  readonly rounds: number;
  readonly lengths: readonly LengthPlan[];
  readonly firstEventRuns: number;
}

/** How runs of one length are measured. */
export interface LengthPlan {
  readonly steps: number;
  /** Idle runs at most, one at a time. */
  readonly idleRuns: number;
  readonly idleMs: number;
  /** Runs under load, for the CPU of a further step; 0 for none. */
  readonly segmentRuns: number;
  readonly activityRuns: number;
}

const FULL: BenchPlan = {
  warmUpRuns: 50,
  throughputMs: 40_000,
  rounds: 2,
  firstEventRuns: 30,
  lengths: [
    { steps: 1, idleRuns: 60, idleMs: 5_000, segmentRuns: 0, activityRuns: 0 },
    { steps: 10, idleRuns: 60, idleMs: 8_000, segmentRuns: 0, activityRuns: 0 },
    { steps: 100, idleRuns: 30, idleMs: 8_000, segmentRuns: 60, activityRuns: 12 },
    { steps: 1_000, idleRuns: 10, idleMs: 8_000, segmentRuns: 20, activityRuns: 2 },
  ],
};

const QUICK: BenchPlan = {
  warmUpRuns: 20,
  throughputMs: 8_000,
  rounds: 1,
  firstEventRuns: 10,
  lengths: [
    { steps: 1, idleRuns: 15, idleMs: 1_000, segmentRuns: 0, activityRuns: 0 },
    { steps: 10, idleRuns: 15, idleMs: 2_000, segmentRuns: 0, activityRuns: 0 },
    { steps: 100, idleRuns: 5, idleMs: 2_000, segmentRuns: 20, activityRuns: 4 },
    { steps: 1_000, idleRuns: 3, idleMs: 2_000, segmentRuns: 4, activityRuns: 0 },
  ],
};

/** The plan for the options. */
export function planFor(options: BenchOptions): BenchPlan {
  return options.quick ? QUICK : FULL;
}
