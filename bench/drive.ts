/** Runs to make. */
export interface Load {
  readonly steps: number;
  readonly runs: number;
  readonly concurrency: number;
  /** No run is started behind this; those that run are waited for. */
  readonly maxMs: number;
}

/** What came of it. */
export interface Drove {
  readonly latenciesMs: readonly number[];
  readonly wallMs: number;
  readonly lastId: string;
}

/** Makes runs, so many at a time, and times each. */
export async function drive(load: Load, one: () => Promise<string>): Promise<Drove> {
  const latenciesMs: number[] = [];
  const begun = performance.now();
  let left = load.runs;
  let lastId = '';
  const loop = async (): Promise<void> => {
    while (left > 0 && (latenciesMs.length === 0 || performance.now() - begun < load.maxMs)) {
      left -= 1;
      const from = performance.now();
      lastId = await one();
      latenciesMs.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: Math.min(load.concurrency, load.runs) }, loop));
  return { latenciesMs, wallMs: performance.now() - begun, lastId };
}

/** The value below which that part of all lies; NaN of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}
