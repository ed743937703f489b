import type { BenchOptions } from './options.ts';

/** How much is measured. */
export interface BenchPlan {
  /** Nothing more is begun behind this; what was not measured is left out of the tables. */
  readonly totalMs: number;
  readonly warmUpRuns: number;
  readonly throughputMs: number;
  readonly rounds: number;
  readonly firstEventRuns: number;
  /** Runs of these lengths, one at a time. */
  readonly idle: readonly IdlePlan[];
  /** Runs of these lengths under a load that is the same for all lengths. */
  readonly loaded: readonly LoadedPlan[];
  readonly segmentConcurrency: number;
  /** Of the step gear and of plain Temporal. */
  readonly activityConcurrency: number;
}

/** Idle runs of one length. */
export interface IdlePlan {
  readonly steps: number;
  readonly runs: number;
  readonly maxMs: number;
}

/** Loaded runs of one length; 0 for none. */
export interface LoadedPlan {
  readonly steps: number;
  readonly segmentRuns: number;
  readonly activityRuns: number;
}

const FULL: BenchPlan = {
  totalMs: 420_000,
  warmUpRuns: 50,
  throughputMs: 24_000,
  rounds: 2,
  firstEventRuns: 30,
  idle: [
    { steps: 0, runs: 60, maxMs: 4_000 },
    { steps: 1, runs: 60, maxMs: 4_000 },
    { steps: 10, runs: 60, maxMs: 8_000 },
    { steps: 100, runs: 30, maxMs: 8_000 },
    { steps: 1_000, runs: 5, maxMs: 4_000 },
  ],
  loaded: [
    { steps: 10, segmentRuns: 200, activityRuns: 30 },
    { steps: 100, segmentRuns: 200, activityRuns: 9 },
    { steps: 1_000, segmentRuns: 60, activityRuns: 0 },
  ],
  segmentConcurrency: 50,
  activityConcurrency: 3,
};

const QUICK: BenchPlan = {
  totalMs: 75_000,
  warmUpRuns: 20,
  throughputMs: 6_000,
  rounds: 1,
  firstEventRuns: 10,
  idle: [
    { steps: 0, runs: 15, maxMs: 1_000 },
    { steps: 1, runs: 15, maxMs: 1_000 },
    { steps: 10, runs: 15, maxMs: 2_000 },
    { steps: 100, runs: 5, maxMs: 2_000 },
  ],
  loaded: [
    { steps: 10, segmentRuns: 100, activityRuns: 6 },
    { steps: 100, segmentRuns: 100, activityRuns: 3 },
  ],
  segmentConcurrency: 50,
  activityConcurrency: 3,
};

/** The plan for the options. */
export function planFor(options: BenchOptions): BenchPlan {
  return options.quick ? QUICK : FULL;
}
