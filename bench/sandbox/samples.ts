/** Measurements of one thing. */
export interface Samples {
  readonly what: string;
  readonly unit: 'ms' | 'MB/s' | 'MB';
  readonly values: readonly number[];
}

/** Milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** What some work gives, so many times, one after the other. */
export async function repeat<T>(times: number, work: (round: number) => Promise<T>): Promise<T[]> {
  const values: T[] = [];
  for (let round = 0; round < times; round += 1) values.push(await work(round));
  return values;
}
