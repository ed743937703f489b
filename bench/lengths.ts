import { cpuPerRun, measure, type Measured } from './measure.ts';
import { percentile } from './drive.ts';
import { table } from './markdown.ts';
import type { BenchPlan } from './plan.ts';
import type { BenchStack } from './stack.ts';
import type { Gear } from '../contracts/plan.ts';

const SUBJECTS = ['segment', 'step', 'plain'] as const;
type SubjectKey = (typeof SUBJECTS)[number];

/** Measurements of each subject by length of the runs. */
export type ByLength = Readonly<Record<SubjectKey, ReadonlyMap<number, Measured>>>;

/** Runs of all lengths, one at a time on an idle machine. */
export async function measureIdle(stack: BenchStack, plan: BenchPlan): Promise<ByLength> {
  return measureLengths(plan.idle, (key, { steps, runs, maxMs }) => {
    const isMeasured = stack.hasTime() && (steps > 0 || key === 'plain');
    return isMeasured ? measure(stack[key], { steps, runs, maxMs, concurrency: 1 }) : null;
  });
}

/** Runs of several lengths under the same load. */
export async function measureLoaded(stack: BenchStack, plan: BenchPlan): Promise<ByLength> {
  return measureLengths(plan.loaded, (key, { steps, segmentRuns, activityRuns }) => {
    const isSegment = key === 'segment';
    const runs = isSegment ? segmentRuns : activityRuns;
    if (runs === 0 || !stack.hasTime()) return null;
    const concurrency = isSegment ? plan.segmentConcurrency : plan.activityConcurrency;
    return measure(stack[key], { steps, runs, concurrency, maxMs: plan.throughputMs });
  });
}

async function measureLengths<Length extends { readonly steps: number }>(
  lengths: readonly Length[],
  one: (key: SubjectKey, length: Length) => Promise<Measured> | null,
): Promise<ByLength> {
  const found: Record<SubjectKey, Map<number, Measured>> = {
    segment: new Map(),
    step: new Map(),
    plain: new Map(),
  };
  for (const length of lengths) {
    for (const key of SUBJECTS) {
      const measured = await one(key, length);
      if (measured !== null) found[key].set(length.steps, measured);
    }
  }
  return found;
}

/** Milliseconds from the request to the first event of the stream. */
export async function measureFirstEvent(
  stack: BenchStack,
  plan: BenchPlan,
): Promise<Readonly<Record<Gear, readonly number[]>>> {
  const { client } = stack.holdfast;
  const timesOf = async (gear: Gear): Promise<readonly number[]> => {
    const agent = await stack.holdfast.agent(10, gear);
    const times: number[] = [];
    for (let run = 0; run < plan.firstEventRuns; run += 1) {
      const from = performance.now();
      const { id } = await client.runs.create({ agent, input: {} });
      let isFirst = true;
      for await (const _event of client.runs.stream(id)) {
        if (isFirst) times.push(performance.now() - from);
        isFirst = false;
      }
    }
    return times;
  };
  return { segment: await timesOf('segment'), step: await timesOf('step') };
}

/** Latency of idle runs by length. */
export function idleTables(
  idle: ByLength,
  firstEvent: Readonly<Record<Gear, readonly number[]>>,
): readonly string[] {
  const lengths = [...idle.plain.keys()];
  const rows = lengths.map((steps) => [
    `${steps} steps`,
    ...SUBJECTS.flatMap((key) => {
      const latencies = idle[key].get(steps)?.latenciesMs ?? [];
      return [percentile(latencies, 0.5), percentile(latencies, 0.95), String(latencies.length)];
    }),
    ratio(idle.step.get(steps), idle.plain.get(steps)),
  ]);
  const head = SUBJECTS.flatMap((key) => [`${key} p50`, 'p95', 'n']);
  const events = (['segment', 'step'] as const).map((gear) => [
    `first event, ${gear} gear`,
    percentile(firstEvent[gear], 0.5),
    percentile(firstEvent[gear], 0.95),
    String(firstEvent[gear].length),
  ]);
  return [
    '### Idle latency, ms, one run at a time',
    table(['run of', ...head, 'step ÷ plain'], rows),
    table(['10-step run', 'p50', 'p95', 'n'], events),
  ];
}

function ratio(a: Measured | undefined, b: Measured | undefined): number {
  return percentile(a?.latenciesMs ?? [], 0.5) / percentile(b?.latenciesMs ?? [], 0.5);
}

/** CPU of a further step between one length and the next, under the same load. */
export function furtherSteps(
  loaded: ByLength,
): Readonly<Record<SubjectKey, ReadonlyMap<string, number>>> {
  const of = (key: SubjectKey): ReadonlyMap<string, number> => {
    const points = [...loaded[key].values()];
    return new Map(
      points.slice(1).map((to, index) => {
        const from = points[index] ?? to;
        const perStep = (cpuPerRun(to) - cpuPerRun(from)) / (to.steps - from.steps);
        return [`${from.steps} to ${to.steps}`, perStep];
      }),
    );
  };
  return { segment: of('segment'), step: of('step'), plain: of('plain') };
}

/** CPU of runs by length and of their further steps. */
export function loadedTables(loaded: ByLength, plan: BenchPlan): readonly string[] {
  const further = furtherSteps(loaded);
  const spans = [...further.segment.keys()];
  const runs = [...loaded.segment.keys()].map((steps) => [
    `${steps}-step run`,
    ...SUBJECTS.flatMap((key) => {
      const measured = loaded[key].get(steps);
      if (measured === undefined) return [Number.NaN, Number.NaN];
      const stepsPerSecond = ((measured.runs * steps) / measured.wallMs) * 1000;
      return [cpuPerRun(measured), stepsPerSecond];
    }),
  ]);
  const { segmentConcurrency, activityConcurrency } = plan;
  return [
    `### Length of runs, ${segmentConcurrency} segment runs or ${activityConcurrency} others at a time`,
    table(['', ...SUBJECTS.flatMap((key) => [`${key} CPU ms/run`, 'steps/s'])], runs),
    table(
      ['CPU ms per further step', ...SUBJECTS],
      spans.map((span) => [
        `from ${span} steps`,
        ...SUBJECTS.map((key) => further[key].get(span) ?? Number.NaN),
      ]),
    ),
  ];
}
