import { percentile } from '../drive.ts';
import { table } from '../markdown.ts';
import type { Samples } from './samples.ts';

interface Aim {
  readonly what: string;
  readonly part: number;
  readonly limit: number;
  readonly side: 'at most' | 'at least';
}

const AIMS: readonly Aim[] = [
  { what: 'exec, to its result', part: 0.5, limit: 3, side: 'at most' },
  { what: 'warm start, claim to first byte', part: 0.95, limit: 15, side: 'at most' },
  { what: 'cold start, to the first byte', part: 0.95, limit: 600, side: 'at most' },
  { what: 'output, 48 MiB', part: 0.5, limit: 50, side: 'at least' },
];

/** Dividend and divisor; both are in the table of samples. */
const RATIOS: readonly (readonly [string, string])[] = [
  ['`docker exec`, to its result', 'exec, to its result'],
  ['exec, to its result', 'a process of Node, to its end'],
  ['10 `docker exec` at the same time', '10 execs at the same time'],
  ['output, 48 MiB', 'output of `docker exec`, 48 MiB'],
  ['cold start, to the first byte', 'warm start, claim to first byte'],
];

type Rows = readonly Samples[];

function valueAt(rows: Rows, what: string, part: number): number {
  return percentile(rows.find((row) => row.what === what)?.values ?? [], part);
}

/** For rates the slow side is the low one. */
function slowSide({ unit, values }: Samples): number {
  return percentile(values, unit === 'MB/s' ? 0.05 : 0.95);
}

/** All that was measured; p95 is the slow side, also of rates. */
export function samplesTable(rows: Rows): string {
  return table(
    ['what', 'unit', 'p50', 'p95', 'samples'],
    rows.map((row) => [
      row.what,
      row.unit,
      percentile(row.values, 0.5),
      slowSide(row),
      String(row.values.length),
    ]),
  );
}

/** What is left when the machine's speed is taken out. */
export function ratiosTable(rows: Rows): string {
  return table(
    ['ratio of medians', ''],
    RATIOS.map(([above, below]) => [
      `${above} ÷ ${below}`,
      valueAt(rows, above, 0.5) / valueAt(rows, below, 0.5),
    ]),
  );
}

/** What we want beside what was measured in this run; nothing fails on it. */
export function sandboxAims(rows: Rows): string {
  return table(
    ['aim', 'wanted', 'measured', ''],
    AIMS.map(({ what, part, limit, side }) => {
      const measured = valueAt(rows, what, part);
      const isReached = side === 'at most' ? measured <= limit : measured >= limit;
      const verdict = isReached ? 'reached' : 'missed';
      return [
        `${what}, p${part * 100}`,
        `${side} ${limit}`,
        measured,
        Number.isNaN(measured) ? 'not measured' : verdict,
      ];
    }),
  );
}
