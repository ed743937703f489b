/** Ends what was started, the last one first. */
export interface Shutdown {
  /** Registers something to end: in order on `run`, at once on `kill`. */
  add(name: string, end: () => Promise<void>, kill?: () => Promise<void>): void;
  /** Registers what stops watching a server, called before anything ends. */
  addWatch(stop: () => void): void;
  /** Ends everything in order; each part has its deadline, then it is killed. Runs once. */
  run(): Promise<void>;
  /** Ends everything at once and without care. */
  kill(): Promise<void>;
}

interface Part {
  readonly name: string;
  readonly end: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

const PART_DEADLINE_MS = 20_000;

/** An empty list of things to end. */
export function createShutdown(log: (line: string) => void): Shutdown {
  const parts: Part[] = [];
  const watches: (() => void)[] = [];
  let running: Promise<void> | undefined;
  const unwatch = (): void => {
    for (const stop of watches.splice(0)) stop();
  };
  return {
    add: (name, end, kill = async () => undefined) => void parts.push({ name, end, kill }),
    addWatch: (stop) => void watches.push(stop),
    run: () => {
      unwatch();
      running ??= endInOrder(parts, log);
      return running;
    },
    kill: async () => {
      unwatch();
      await Promise.allSettled(parts.map((part) => part.kill()));
    },
  };
}

async function endInOrder(parts: readonly Part[], log: (line: string) => void): Promise<void> {
  for (const part of [...parts].reverse()) {
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), PART_DEADLINE_MS);
    try {
      if ((await Promise.race([part.end(), late])) !== 'late') continue;
      log(`${part.name} did not stop within ${PART_DEADLINE_MS / 1000} s and is killed`);
      await part.kill();
    } catch (error) {
      log(`${part.name} did not stop cleanly: ${String(error)}`);
      await part.kill().catch(() => undefined);
    } finally {
      clearTimeout(timer);
    }
  }
}
