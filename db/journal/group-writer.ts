/** How a group writer batches. */
export interface GroupWriterOptions<Item, Result> {
  /** Items of one lane are written in order and never in two batches at the same time. */
  readonly laneOf: (item: Item) => string;
  /** Whether an item may go in a batch that has these of its lane already. */
  readonly mayShare: (batched: readonly Item[], item: Item) => boolean;
  /** Writes a batch and answers for each item in order; an `Error` fails that item alone. */
  readonly write: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>;
  readonly maxBatch: number;
  readonly maxInFlight: number;
}

/** Batches what many ask for at the same time. */
export interface GroupWriter<Item, Result> extends AsyncDisposable {
  add(item: Item): Promise<Result>;
}

interface Pending<Item, Result> {
  readonly item: Item;
  readonly lane: string;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes a batch as soon as fewer than `maxInFlight` are on their way, with all that waits by then:
 * a lone item goes at once, and the busier it gets, the larger batches grow. There is no timer.
 */
export function createGroupWriter<Item, Result>(
  options: GroupWriterOptions<Item, Result>,
): GroupWriter<Item, Result> {
  let waiting: Pending<Item, Result>[] = [];
  const busyLanes = new Set<string>();
  const flights = new Set<Promise<void>>();
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || waiting.length === 0 || flights.size >= options.maxInFlight) return;
    isScheduled = true;
    // A microtask later, so that items added in the same turn share the batch.
    queueMicrotask(() => {
      isScheduled = false;
      const batch = takeBatch();
      if (batch.length === 0) return;
      const flight = fly(batch).finally(() => {
        flights.delete(flight);
        for (const { lane } of batch) busyLanes.delete(lane);
        schedule();
      });
      flights.add(flight);
      schedule();
    });
  }

  function takeBatch(): Pending<Item, Result>[] {
    const batch: Pending<Item, Result>[] = [];
    const left: Pending<Item, Result>[] = [];
    const lanes = new Map<string, Item[]>();
    const blocked = new Set<string>();
    for (const pending of waiting) {
      const { lane, item } = pending;
      const batched = lanes.get(lane) ?? [];
      const fits = batch.length < options.maxBatch && !busyLanes.has(lane) && !blocked.has(lane);
      if (fits && (batched.length === 0 || options.mayShare(batched, item))) {
        batched.push(item);
        lanes.set(lane, batched);
        batch.push(pending);
      } else {
        // What comes behind it in its lane must not overtake it.
        blocked.add(lane);
        left.push(pending);
      }
    }
    waiting = left;
    for (const lane of lanes.keys()) busyLanes.add(lane);
    return batch;
  }

  async function fly(batch: readonly Pending<Item, Result>[]): Promise<void> {
    try {
      const results = await options.write(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index];
        if (result instanceof Error) reject(result);
        else if (result === undefined) reject(new Error('the batch has no answer for an item'));
        else resolve(result);
      }
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      for (const { reject } of batch) reject(failure);
    }
  }

  return {
    add: (item) =>
      new Promise<Result>((resolve, reject) => {
        waiting.push({ item, lane: options.laneOf(item), resolve, reject });
        schedule();
      }),
    [Symbol.asyncDispose]: async () => {
      while (waiting.length > 0 || flights.size > 0) {
        await Promise.all(flights);
        await Promise.resolve();
      }
    },
  };
}
