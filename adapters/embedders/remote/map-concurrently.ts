/** Work on each of some items. */
export interface ConcurrentWork<T, R> {
  readonly atOnce: number;
  readonly signal: AbortSignal | null;
  /** The signal ends it when the caller or another item's failure does. */
  readonly work: (item: T, signal: AbortSignal) => Promise<R>;
}

/** Results in the order of their items. The first failure stops the rest, and is what is thrown. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  { atOnce, signal, work }: ConcurrentWork<T, R>,
): Promise<readonly R[]> {
  const failed = new AbortController();
  const stop = signal === null ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const results: R[] = [];
  const queue = items.entries();
  const drain = async (): Promise<void> => {
    for (const [index, item] of queue) {
      stop.throwIfAborted();
      results[index] = await work(item, stop);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, drain));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
  return results;
}
