import { cpuPerRun, type Measured } from './measure.ts';
import { furtherSteps, type ByLength } from './lengths.ts';
import { percentile } from './drive.ts';
import { rounded, table } from './markdown.ts';
import type { Throughput } from './throughput.ts';

interface Aim {
  readonly what: string;
  readonly limit: number;
  readonly side: 'at most' | 'at least';
  readonly measured: number;
}

/** What we want beside what was measured in this run; nothing fails on it. */
export function aimsTable(
  throughput: Throughput | null,
  idle: ByLength | null,
  loaded: ByLength | null,
): string {
  const p50 = (key: keyof ByLength): number =>
    percentile(idle?.[key].get(10)?.latenciesMs ?? [], 0.5);
  const further = loaded === null ? [] : [...furtherSteps(loaded).segment.values()];
  const aims: readonly Aim[] = [
    {
      what: 'step gear ÷ plain Temporal, CPU per step',
      limit: 1.3,
      side: 'at most',
      measured: cpuOf(throughput?.step) / cpuOf(throughput?.plain),
    },
    {
      what: 'step gear ÷ plain Temporal, idle latency of ten steps',
      limit: 1.3,
      side: 'at most',
      measured: p50('step') / p50('plain'),
    },
    {
      what: 'segment gear, ten-step runs/s',
      limit: 60,
      side: 'at least',
      measured: perSecond(throughput?.segment),
    },
    {
      what: 'segment gear, CPU ms per further step, the worst',
      limit: 0.3,
      side: 'at most',
      measured: further.length === 0 ? Number.NaN : Math.max(...further),
    },
    {
      what: 'segment gear, further step: last span ÷ first span',
      limit: 1.2,
      side: 'at most',
      measured: (further.at(-1) ?? Number.NaN) / (further[0] ?? Number.NaN),
    },
    {
      what: 'segment gear, idle ten-step run, p50 ms',
      limit: 35,
      side: 'at most',
      measured: p50('segment'),
    },
  ];
  return table(
    ['aim', 'wanted', 'measured', ''],
    aims.map(({ what, limit, side, measured }) => [
      what,
      `${side} ${limit}`,
      rounded(measured),
      verdict({ limit, side, measured }),
    ]),
  );
}

function cpuOf(measured: Measured | undefined): number {
  return measured === undefined ? Number.NaN : cpuPerRun(measured);
}

function perSecond(measured: Measured | undefined): number {
  return measured === undefined ? Number.NaN : (measured.runs / measured.wallMs) * 1000;
}

function verdict({ limit, side, measured }: Omit<Aim, 'what'>): string {
  if (Number.isNaN(measured)) return 'not measured';
  return (side === 'at most' ? measured <= limit : measured >= limit) ? 'reached' : 'missed';
}
