import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { SANDBOX_DEATHS, SANDBOX_IMAGES } from '../contracts/sandbox.ts';
import type { CommandEnd, SandboxLevel } from '../contracts/sandbox.ts';
import type { PoolMetrics } from '../adapters/sandbox/pool/sandbox-pool.ts';

/** What a process counts, for Prometheus; its labels have few values, and name nobody. */
export interface Metrics {
  /** In Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
  /** Shows the pool of that level, which is asked at each look. */
  watchPool(level: SandboxLevel, read: () => PoolMetrics): void;
  sandboxConnected(level: SandboxLevel, change: 1 | -1): void;
  commandEnded(level: SandboxLevel, end: CommandEnd): void;
}

type Pools = ReadonlyMap<SandboxLevel, () => PoolMetrics>;

/** Begins to count, the process's own numbers too. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const pools = new Map<SandboxLevel, () => PoolMetrics>();
  showPools(registry, pools);
  const connected = new Gauge({
    name: 'holdfast_sandboxes_connected',
    help: 'Living sandboxes that this process is connected to for runs.',
    labelNames: ['level'],
    registers: [registry],
  });
  const commands = new Counter({
    name: 'holdfast_sandbox_commands_total',
    help: 'Commands of sandboxes that this process followed to their end.',
    labelNames: ['level', 'end'],
    registers: [registry],
  });
  return {
    text: () => registry.metrics(),
    contentType: registry.contentType,
    watchPool: (level, read) => {
      pools.set(level, read);
    },
    sandboxConnected: (level, change) => connected.inc({ level }, change),
    commandEnded: (level, end) => commands.inc({ level, end }),
  };
}

function showPools(registry: Registry, pools: Pools): void {
  const registers = [registry];
  new Gauge({
    ...{ name: 'holdfast_sandbox_pool_warm', labelNames: ['level', 'image'], registers },
    help: 'Sandboxes that wait for a run.',
    collect() {
      for (const [level, read] of pools) {
        const { warmOf } = read();
        for (const image of SANDBOX_IMAGES) this.set({ level, image }, warmOf[image]);
      }
    },
  });
  new Gauge({
    ...{ name: 'holdfast_sandbox_pool_wanted', labelNames: ['level'], registers },
    help: 'Sandboxes that should wait, by what was asked for lately.',
    collect() {
      for (const [level, read] of pools) this.set({ level }, read().wanted);
    },
  });
  const counts = [
    ['hits', 'Runs that were given a waiting sandbox.'],
    ['misses', 'Runs that had to wait for a start.'],
    ['created', 'Sandboxes started, in advance or on demand.'],
  ] as const;
  for (const [count, help] of counts) {
    new Counter({
      ...{ name: `holdfast_sandbox_pool_${count}_total`, help, labelNames: ['level'], registers },
      collect() {
        // The pool counts itself.
        this.reset();
        for (const [level, read] of pools) this.inc({ level }, read()[count]);
      },
    });
  }
  new Counter({
    ...{ name: 'holdfast_sandbox_pool_deaths_total', labelNames: ['level', 'reason'], registers },
    help: 'Sandboxes of the pool that died, by why; evicted: nobody asked for them.',
    collect() {
      this.reset();
      for (const [level, read] of pools) {
        const { deaths } = read();
        for (const reason of SANDBOX_DEATHS) this.inc({ level, reason }, deaths[reason]);
      }
    },
  });
}
