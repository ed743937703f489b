import { countedBetween, readCounters, type DatabaseCounters } from './database-counters.ts';
import { cpuPerRun, joined, measure, type Measured } from './measure.ts';
import { percentile } from './drive.ts';
import { table } from './markdown.ts';
import type { BenchOptions } from './options.ts';
import type { BenchPlan } from './plan.ts';
import type { BenchStack } from './stack.ts';
import type { Subject } from './subjects.ts';

/** Ten-step runs under load, and what one of them leaves behind. */
export interface Throughput {
  readonly segment: Loaded;
  readonly step: Loaded;
  readonly plain: Loaded;
  /** Plain workflows without any step. */
  readonly floor: Loaded;
}

/** A measurement with its side effects. */
export interface Loaded extends Measured {
  readonly counted: DatabaseCounters;
  readonly historyEvents: number;
}

const STEPS = 10;

/** Measures the gears and plain Temporal in turns. */
export async function measureThroughput(
  stack: BenchStack,
  options: BenchOptions,
  plan: BenchPlan,
): Promise<Throughput> {
  const subjects = [
    { subject: stack.segment, steps: STEPS },
    { subject: stack.step, steps: STEPS },
    { subject: stack.plain, steps: STEPS },
    { subject: stack.plain, steps: 0 },
  ];
  const { concurrency } = options;
  for (const { subject, steps } of subjects) {
    await subject.drive({ steps, runs: plan.warmUpRuns, concurrency, maxMs: plan.throughputMs });
  }
  const sums: Loaded[] = [];
  const runs = Math.ceil(options.runs / plan.rounds);
  const maxMs = plan.throughputMs / plan.rounds;
  for (let round = 0; round < plan.rounds; round += 1) {
    for (const [index, { subject, steps }] of subjects.entries()) {
      const loaded = await measureOne(stack, subject, { steps, runs, concurrency, maxMs });
      const sum = sums[index];
      sums[index] = sum === undefined ? loaded : joinLoaded(sum, loaded);
    }
  }
  const [segment, step, plain, floor] = sums;
  if (!segment || !step || !plain || !floor) throw new Error('nothing was measured');
  return { segment, step, plain, floor };
}

async function measureOne(
  stack: BenchStack,
  subject: Subject,
  load: Parameters<Subject['drive']>[0],
): Promise<Loaded> {
  const { url } = stack.servers.postgres;
  const before = await readCounters(url);
  const measured = await measure(subject, load);
  const counted = countedBetween(before, await readCounters(url));
  return { ...measured, counted, historyEvents: await stack.historyLength(measured.lastId) };
}

function joinLoaded(a: Loaded, b: Loaded): Loaded {
  const counted = {
    holdfastCommits: a.counted.holdfastCommits + b.counted.holdfastCommits,
    temporalCommits: a.counted.temporalCommits + b.counted.temporalCommits,
    walBytes: a.counted.walBytes + b.counted.walBytes,
    walSyncs: a.counted.walSyncs + b.counted.walSyncs,
  };
  return { ...joined(a, b), counted, historyEvents: b.historyEvents };
}

const NAMES = {
  segment: 'segment gear',
  step: 'step gear',
  plain: 'plain Temporal',
  floor: 'plain Temporal, no step',
} as const;

/** Runs and steps a second, CPU, and what a run leaves in database and history. */
export function throughputTables(measured: Throughput): readonly string[] {
  const rows = (['segment', 'step', 'plain', 'floor'] as const).map((key) => ({
    name: NAMES[key],
    loaded: measured[key],
  }));
  const main = table(
    ['10-step runs', 'runs/s', 'steps/s', 'CPU ms/run', 'CPU ms/step', 'p50 ms', 'p95 ms', 'n'],
    rows.map(({ name, loaded }) => [
      name,
      (loaded.runs / loaded.wallMs) * 1000,
      ((loaded.runs * loaded.steps) / loaded.wallMs) * 1000,
      cpuPerRun(loaded),
      cpuPerRun(loaded) / loaded.steps,
      percentile(loaded.latenciesMs, 0.5),
      percentile(loaded.latenciesMs, 0.95),
      String(loaded.runs),
    ]),
  );
  const groups = [...new Set(rows.flatMap(({ loaded }) => [...loaded.cpu.keys()]))];
  const byGroup = table(
    ['CPU ms per run', ...rows.map(({ name }) => name)],
    groups.map((group) => [
      group,
      ...rows.map(({ loaded }) => (loaded.cpu.get(group) ?? Number.NaN) / loaded.runs),
    ]),
  );
  const traces = table(
    ['per run', 'Holdfast commits', 'Temporal commits', 'WAL KiB', 'WAL syncs', 'history events'],
    rows.map(({ name, loaded: { counted, runs, historyEvents } }) => [
      name,
      counted.holdfastCommits / runs,
      counted.temporalCommits / runs,
      counted.walBytes / runs / 1024,
      counted.walSyncs / runs,
      String(historyEvents),
    ]),
  );
  return ['### Throughput', main, '### Who uses the CPU', byGroup, '### Traces of a run', traces];
}
