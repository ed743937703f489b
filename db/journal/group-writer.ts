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

/** Batches what many ask for at the same time; disposing of it waits for all that was asked. */
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
  return new Writer(options);
}

class Writer<Item, Result> implements GroupWriter<Item, Result> {
  readonly #options: GroupWriterOptions<Item, Result>;
  readonly #busyLanes = new Set<string>();
  readonly #flights = new Set<Promise<void>>();
  #waiting: Pending<Item, Result>[] = [];
  #isScheduled = false;

  constructor(options: GroupWriterOptions<Item, Result>) {
    this.#options = options;
  }

  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, lane: this.#options.laneOf(item), resolve, reject });
      this.#schedule();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#waiting.length > 0 || this.#flights.size > 0) {
      await Promise.all(this.#flights);
      await Promise.resolve();
    }
  }

  #schedule(): void {
    const isFull = this.#flights.size >= this.#options.maxInFlight;
    if (this.#isScheduled || isFull || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    // A microtask later, so that items added in the same turn share the batch.
    queueMicrotask(() => {
      this.#isScheduled = false;
      const batch = this.#takeBatch();
      if (batch.length === 0) return;
      const flight = this.#fly(batch).finally(() => {
        this.#flights.delete(flight);
        for (const { lane } of batch) this.#busyLanes.delete(lane);
        this.#schedule();
      });
      this.#flights.add(flight);
      this.#schedule();
    });
  }

  #takeBatch(): readonly Pending<Item, Result>[] {
    const { maxBatch, mayShare } = this.#options;
    const batch: Pending<Item, Result>[] = [];
    const left: Pending<Item, Result>[] = [];
    const lanes = new Map<string, Item[]>();
    const blocked = new Set(this.#busyLanes);
    for (const pending of this.#waiting) {
      const { lane, item } = pending;
      const batched = lanes.get(lane) ?? [];
      const isFree = batch.length < maxBatch && !blocked.has(lane);
      if (isFree && (batched.length === 0 || mayShare(batched, item))) {
        batched.push(item);
        lanes.set(lane, batched);
        batch.push(pending);
      } else {
        // What comes behind it in its lane must not overtake it.
        blocked.add(lane);
        left.push(pending);
      }
    }
    this.#waiting = left;
    for (const lane of lanes.keys()) this.#busyLanes.add(lane);
    return batch;
  }

  async #fly(batch: readonly Pending<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#options.write(batch.map(({ item }) => item));
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
}
