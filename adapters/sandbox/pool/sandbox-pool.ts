import { randomUUID } from 'node:crypto';
import { AppError } from '../../../contracts/app-error.ts';
import { NO_NETWORK, SANDBOX_DEATHS, SANDBOX_IMAGES } from '../../../contracts/sandbox.ts';
import { kindOf, type Kind, type Warm } from './kind.ts';
import { NO_DEMAND, requested, sparesFor } from './demand.ts';
import type { SandboxDeathReason, SandboxImage } from '../../../contracts/sandbox.ts';
import type { DockerDriver } from '../docker/docker-driver.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from '../port.ts';

/** What a pool has done since it was opened, and holds now. */
export interface PoolMetrics {
  readonly warm: number;
  readonly warmOf: Readonly<Record<SandboxImage, number>>;
  /** As many should wait, by what was asked for lately. */
  readonly wanted: number;
  readonly hits: number;
  readonly misses: number;
  /** Sandboxes made, warm or on demand. */
  readonly created: number;
  readonly deaths: Readonly<Record<SandboxDeathReason, number>>;
}

/** A driver that keeps sandboxes running in advance, for who asked for such ones lately. */
export interface SandboxPool extends SandboxDriver {
  metrics(): PoolMetrics;
}

/** How large a pool may become. */
export interface PoolOptions {
  readonly driver: DockerDriver;
  /** Of all kinds together; 0 keeps none. */
  readonly most: number;
  readonly mostPerKind?: number;
  readonly now?: () => number;
  readonly warn: (sentence: string) => void;
}

const MOST_PER_KIND = 8;
const TICK_MS = 1_000;
/** Starting is work for the processor: at most so many at a time, each tick. */
const STARTS_AT_A_TIME = 2;
/** What a killed process kept warm is gone after that long; a claimed one may live as much longer. */
const WARM_TTL_MS = 3 * 60_000;
const RENEW_MS = 60_000;
/** One that waited for longer is replaced. */
const OLDEST_MS = 60 * 60_000;
/** Longest life of a run's sandbox that a warm one can promise. */
const LONGEST_LIFE_MS = 24 * 3_600_000;
const EVICTED = { reason: 'evicted', detail: 'nobody asked for it' } as const;

/** Keeps sandboxes warm in front of a driver. */
export function createSandboxPool(options: PoolOptions): SandboxPool {
  return new Pool(options);
}

class Pool implements SandboxPool {
  readonly level;
  readonly #options: PoolOptions;
  readonly #driver: DockerDriver;
  readonly #now: () => number;
  readonly #kinds = new Map<string, Kind>();
  readonly #starts = new Set<Promise<void>>();
  /** Workspaces that lack a place, once for each request that waits for it. */
  readonly #crowded: string[] = [];
  readonly #counts = { hits: 0, misses: 0, created: 0 };
  readonly #deaths = new Map<SandboxDeathReason, number>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#driver = options.driver;
    this.level = options.driver.level;
    this.#now = options.now ?? Date.now;
  }

  probe() {
    return this.#driver.probe();
  }

  connect(id: string, onRequest?: SandboxSpec['onRequest']) {
    return this.#driver.connect(id, onRequest);
  }

  list() {
    return this.#driver.list();
  }

  remove(id: string) {
    return this.#driver.remove(id);
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const kind = this.#ask(spec);
    try {
      // Which no warm one can promise: it was given its longest life when it was made.
      if (spec.maxTtlMs > LONGEST_LIFE_MS) return this.#count(await this.#driver.create(spec));
      for (let warm = kind.warm.shift(); warm !== undefined; warm = kind.warm.shift()) {
        const claimed = await this.#claim(warm, spec);
        if (claimed === undefined) continue;
        this.#counts.hits += 1;
        return claimed;
      }
      this.#counts.misses += 1;
      return this.#count(await this.#createCold(spec));
    } finally {
      this.#wake();
    }
  }

  metrics(): PoolMetrics {
    const deaths = Object.fromEntries(
      SANDBOX_DEATHS.map((reason) => [reason, this.#deaths.get(reason) ?? 0]),
    ) as Record<SandboxDeathReason, number>;
    const wanted = [...this.#kinds.values()].reduce((sum, kind) => sum + this.#target(kind), 0);
    const warmOf = Object.fromEntries(
      SANDBOX_IMAGES.map((image) => [image, this.#warmCount(image)]),
    ) as Record<SandboxImage, number>;
    return { ...this.#counts, warm: this.#warmCount(), warmOf, wanted, deaths };
  }

  /** Warm ones end with the pool, claimed ones live on; the driver is its owner's to close. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#starts);
    for (const kind of this.#kinds.values()) {
      await Promise.all(kind.warm.splice(0).map((warm) => this.#drop(warm)));
    }
  }

  #ask(spec: SandboxSpec): Kind {
    const name = kindOf(spec);
    const kind = this.#kinds.get(name) ?? { spec, warm: [], demand: NO_DEMAND, starting: 0 };
    kind.demand = requested(kind.demand, this.#now());
    this.#kinds.set(name, kind);
    return kind;
  }

  async #claim(warm: Warm, spec: SandboxSpec): Promise<Sandbox | undefined> {
    try {
      return await this.#driver.adopt(warm, spec);
    } catch (error) {
      await this.#drop(warm);
      if (error instanceof AppError && error.code === 'sandbox.lost') return undefined;
      throw error;
    }
  }

  /** Places that warm ones take up are given to who needs one now. */
  async #createCold(spec: SandboxSpec): Promise<Sandbox> {
    try {
      return await this.#driver.create(spec);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'sandbox.ceiling_reached') throw error;
      return await this.#createCrowded(spec, error);
    }
  }

  /** No warm one takes the place that is made here. */
  async #createCrowded(spec: SandboxSpec, refusal: AppError): Promise<Sandbox> {
    this.#crowded.push(spec.workspaceId);
    try {
      if ((await this.#dropWorkspace(spec.workspaceId)) === 0) throw refusal;
      return await this.#driver.create(spec);
    } finally {
      this.#crowded.splice(this.#crowded.indexOf(spec.workspaceId), 1);
    }
  }

  async #dropWorkspace(workspaceId: string): Promise<number> {
    const kinds = [...this.#kinds.values()].filter(({ spec }) => spec.workspaceId === workspaceId);
    // One that is about to be warm has its place already.
    if (kinds.some(({ starting }) => starting > 0)) await Promise.all(this.#starts);
    const dropped = kinds.flatMap((kind) => kind.warm.splice(0));
    await Promise.all(dropped.map((warm) => this.#drop(warm)));
    return dropped.length;
  }

  #count(sandbox: Sandbox): Sandbox {
    this.#counts.created += 1;
    void sandbox.died.then(({ reason }) => {
      this.#deaths.set(reason, (this.#deaths.get(reason) ?? 0) + 1);
    });
    return sandbox;
  }

  #warmCount(image?: SandboxImage): number {
    return [...this.#kinds.values()]
      .filter(({ spec }) => image === undefined || spec.image === image)
      .reduce((sum, kind) => sum + kind.warm.length, 0);
  }

  #wake(): void {
    if (this.#isClosed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#tick();
    }, TICK_MS).unref();
  }

  async #tick(): Promise<void> {
    for (const [name, kind] of this.#kinds) {
      const target = this.#target(kind);
      await this.#tend(kind, target);
      this.#grow(kind, target);
      if (target === 0 && kind.warm.length + kind.starting === 0) this.#kinds.delete(name);
    }
    if (this.#kinds.size > 0) this.#wake();
  }

  #target({ demand }: Kind): number {
    return sparesFor(demand, this.#now(), this.#options.mostPerKind ?? MOST_PER_KIND);
  }

  /** Removes what is too much or too old, and prolongs the rest. */
  async #tend(kind: Kind, target: number): Promise<void> {
    const surplus = kind.warm.splice(target);
    const isOld = (warm: Warm): boolean => this.#now() - warm.bornAtMs > OLDEST_MS;
    surplus.push(...kind.warm.filter(isOld));
    kind.warm.splice(0, Infinity, ...kind.warm.filter((warm) => !surplus.includes(warm)));
    await Promise.all(surplus.map((warm) => this.#drop(warm)));
  }

  #grow(kind: Kind, target: number): void {
    const { most } = this.#options;
    while (kind.warm.length + kind.starting < target) {
      const all = this.#warmCount() + this.#starts.size;
      if (this.#isClosed || all >= most || this.#starts.size >= STARTS_AT_A_TIME) return;
      if (this.#crowded.includes(kind.spec.workspaceId)) return;
      kind.starting += 1;
      const start = this.#start(kind).finally(() => {
        kind.starting -= 1;
        this.#starts.delete(start);
        this.#wake();
      });
      this.#starts.add(start);
    }
  }

  async #start(kind: Kind): Promise<void> {
    const key = `w_${randomUUID().replaceAll('-', '')}`;
    const { workspaceId, image, limits } = kind.spec;
    const spec = { id: key, workspaceId, image, limits, runId: null, network: NO_NETWORK };
    const maxTtlMs = LONGEST_LIFE_MS + OLDEST_MS;
    try {
      const sandbox = await this.#driver.create({ ...spec, ttlMs: WARM_TTL_MS, maxTtlMs });
      const warm = { key, sandbox: this.#count(sandbox), bornAtMs: this.#now() };
      kind.warm.push(warm);
      this.#keep(kind, warm);
    } catch (error) {
      // Who asks next starts one himself and hears of the reason.
      kind.demand = NO_DEMAND;
      // The workspace uses all that it may have: nothing to be told of.
      if (error instanceof AppError && error.code === 'sandbox.ceiling_reached') return;
      const why = error instanceof Error ? error.message : String(error);
      this.#options.warn(`No sandbox could be started in advance: ${why}`);
    }
  }

  /** A warm one lives as long as it waits here, and is forgotten when it dies. */
  #keep(kind: Kind, warm: Warm): void {
    const renewal = setInterval(() => {
      if (kind.warm.includes(warm)) warm.sandbox.extend(WARM_TTL_MS).catch(() => undefined);
      else clearInterval(renewal);
    }, RENEW_MS).unref();
    void warm.sandbox.died.then(() => {
      clearInterval(renewal);
      const index = kind.warm.indexOf(warm);
      if (index >= 0) kind.warm.splice(index, 1);
    });
  }

  async #drop(warm: Warm): Promise<void> {
    await warm.sandbox[Symbol.asyncDispose]();
    await this.#driver.removeBecause(warm.key, EVICTED).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.warn(`A sandbox that nobody needs could not be removed: ${why}`);
    });
  }
}
