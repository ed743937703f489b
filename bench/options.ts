import { GEARS, type Gear } from '../contracts/plan.ts';
import { parseArgs } from 'node:util';

/** What a benchmark run is asked for. */
export interface BenchOptions {
  /** Fewer and shorter measurements: for a look, not for a record. */
  readonly quick: boolean;
  /** Null: on PostgreSQL if its programs can be had, else the dev server. */
  readonly temporal: 'dev' | 'postgres' | null;
  /** Ten-step runs per throughput measurement. */
  readonly runs: number;
  readonly concurrency: number;
  /** API and worker in two processes instead of one. */
  readonly split: boolean;
  /** One part of the measurements; null for all. */
  readonly only: BenchPart | null;
  /** Shows where the CPU time of one gear goes, instead of measuring everything. */
  readonly profile: boolean;
  /** What is profiled. */
  readonly gear: Gear;
  readonly steps: number;
}

/** Parts that can be measured alone. */
export const BENCH_PARTS = ['throughput', 'length', 'idle'] as const;
export type BenchPart = (typeof BENCH_PARTS)[number];

/** What the command line understands. */
export const USAGE = `node bench/steps.ts [options]
  --quick                    at most 90 s
  --temporal dev|postgres    which server; on PostgreSQL by default where that can be had
  --runs N                   ten-step runs per throughput measurement (200; quick 60)
  --concurrency N            runs at the same time (50; quick 20)
  --only PART                throughput, length or idle: that part alone
  --split                    API and worker in two processes
  --profile                  profile the throughput of one gear, nothing else
  --gear step|segment        which one (segment)
  --steps N                  steps of each run in it (10; one more than a multiple of 9)`;

/** Reads the command line; throws with the usage when something in it makes no sense. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      temporal: { type: 'string' },
      runs: { type: 'string' },
      concurrency: { type: 'string' },
      split: { type: 'boolean', default: false },
      only: { type: 'string' },
      profile: { type: 'boolean', default: false },
      gear: { type: 'string', default: 'segment' },
      steps: { type: 'string' },
    },
  });
  const { quick, split, profile } = values;
  return {
    quick,
    split,
    profile,
    only: toPart(values.only),
    gear: toGear(values.gear),
    steps: toCount(values.steps, 10),
    temporal: toServer(values.temporal),
    runs: toCount(values.runs, quick ? 60 : 200),
    concurrency: toCount(values.concurrency, quick ? 20 : 50),
  };
}

function toServer(text: string | undefined): BenchOptions['temporal'] {
  if (text === undefined) return null;
  if (text === 'dev' || text === 'postgres') return text;
  throw new Error(`--temporal is "${text}"\n${USAGE}`);
}

function toPart(text: string | undefined): BenchPart | null {
  if (text === undefined) return null;
  const part = BENCH_PARTS.find((known) => known === text);
  if (part !== undefined) return part;
  throw new Error(`--only is "${text}"\n${USAGE}`);
}

function toGear(text: string): Gear {
  const gear = GEARS.find((known) => known === text);
  if (gear !== undefined) return gear;
  throw new Error(`--gear is "${text}"\n${USAGE}`);
}

function toCount(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`"${text}" is not a whole number above zero\n${USAGE}`);
}
