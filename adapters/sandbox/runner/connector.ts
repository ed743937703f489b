import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../contracts/app-error.ts';
import type { SandboxDeath } from '../port.ts';
import { CarriedStream, type Wire } from './carried-stream.ts';
import { Link } from './link.ts';
import { openSocket } from './open-endpoint.ts';

/** Where a runner listens: its socket on this machine, or the wire of its standard streams. */
export type RunnerEndpoint =
  { readonly socketPath: string } | { readonly open: () => Promise<Wire> };

/** How to reach a runner. */
export interface RunnerOptions {
  readonly endpoint: RunnerEndpoint;
  /** Of the driver: everything that waits rejects with `sandbox.lost` and its reason. */
  readonly died: Promise<SandboxDeath>;
  /** How long it may take to come up; `sandbox.unavailable` after that. */
  readonly readyMs?: number;
  /** How long a lost connection is tried again before calls fail with `sandbox.unavailable`. */
  readonly reconnectMs?: number;
}

const READY_MS = 10_000;
const RECONNECT_MS = 60_000;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1_000;
/** A link that breaks again and again without carrying anything is given up. */
const MAX_TRIES = 20;
const MAX_BREAKS = 3;

/** Keeps one link to a runner and makes a new one when it is lost. */
export class Connector {
  readonly #options: RunnerOptions;
  readonly #ended = Promise.withResolvers<never>();
  readonly #goodbye = Promise.withResolvers<'ttl' | 'terminated'>();
  #link: Promise<Link> | null = null;
  #open: Link | null = null;
  #end: AppError | null = null;
  #breaks = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#ended.promise.catch(() => undefined);
    void options.died.then(({ reason, detail }) =>
      this.end(new AppError('sandbox.lost', `the sandbox died (${reason}): ${detail}`)),
    );
  }

  get goodbye(): Promise<'ttl' | 'terminated'> {
    return this.#goodbye.promise;
  }

  /** The first link, within the time a runner needs to come up. */
  async ready(): Promise<void> {
    await this.#connected(this.#options.readyMs ?? READY_MS);
  }

  /** A living link. */
  link(): Promise<Link> {
    return this.#connected(this.#options.reconnectMs ?? RECONNECT_MS);
  }

  /** Runs an attempt, again on another link when its own was lost; it must bear being repeated. */
  async run<T>(attempt: (link: Link) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const link = await this.link();
      try {
        return await attempt(link);
      } catch (error) {
        if (this.#end !== null) throw this.#end;
        if (link.isOpen || tries >= MAX_TRIES) throw error;
      }
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
    }
  }

  /** Everything that waits, and all that comes later, fails with this. */
  end(error: AppError): void {
    if (this.#end !== null) return;
    this.#end = error;
    this.#ended.reject(error);
    this.#open?.close();
  }

  #connected(withinMs: number): Promise<Link> {
    if (this.#end !== null) return Promise.reject(this.#end);
    if (this.#open !== null) return Promise.resolve(this.#open);
    this.#link ??= this.#connect(withinMs);
    return Promise.race([this.#link, this.#ended.promise]);
  }

  async #connect(withinMs: number): Promise<Link> {
    const until = Date.now() + withinMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return this.#adopt(await this.#greet(Math.max(1, until - Date.now())));
      } catch (cause) {
        if (Date.now() + pause >= until || this.#end !== null) {
          this.#link = null;
          if (cause instanceof AppError) throw cause;
          throw new AppError('sandbox.unavailable', 'the runner does not answer', { cause });
        }
      }
      await sleep(pause);
    }
  }

  async #greet(timeoutMs: number): Promise<Link> {
    const { endpoint } = this.#options;
    const stream =
      'open' in endpoint
        ? new CarriedStream(await endpoint.open())
        : await openSocket(endpoint.socketPath);
    return Link.open(stream, { timeoutMs });
  }

  #adopt(link: Link): Link {
    this.#open = link;
    void link.goodbye.then(this.#goodbye.resolve);
    void link.closed.then(() => {
      this.#open = null;
      this.#link = null;
      this.#breaks += link.broke ? 1 : 0;
      if (this.#breaks >= MAX_BREAKS) {
        this.end(new AppError('sandbox.lost', 'what answers in the sandbox is not its runner'));
      }
    });
    if (this.#end !== null) link.close();
    return link;
  }
}
