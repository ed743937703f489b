import type { NetworkRequest } from '../../../contracts/sandbox.ts';
import type { Target } from './host.ts';

/** One request's life: counted from the moment it is allowed, reported once when it ends. */
export class Flow {
  readonly target: Pick<Target, 'host' | 'port'>;
  readonly #at = new Date().toISOString();
  readonly #onEnd: (flow: Flow, request: NetworkRequest) => void;
  readonly #cuts: ((reason: string) => void)[] = [];
  #allowed = true;
  #reason = '';
  #ended = false;
  #bytesOut = 0;
  #bytesIn = 0;

  constructor(
    target: Pick<Target, 'host' | 'port'>,
    onEnd: (flow: Flow, request: NetworkRequest) => void,
  ) {
    this.target = target;
    this.#onEnd = onEnd;
  }

  /** Nothing may be sent any more. */
  get isOver(): boolean {
    return this.#ended || this.#reason !== '';
  }

  /** Runs when the flow is cut off; at once if it is already. */
  onCut(cut: (reason: string) => void): void {
    if (this.isOver) cut(this.#reason);
    else this.#cuts.push(cut);
  }

  count(direction: Direction, bytes: number): void {
    if (direction === 'out') this.#bytesOut += bytes;
    else this.#bytesIn += bytes;
  }

  /** Ends it before anything was sent. */
  refuse(reason: string): void {
    this.#allowed = false;
    this.cut(reason);
  }

  /** Ends it while bytes flow; the first reason stays. */
  cut(reason: string): void {
    if (this.isOver) return;
    this.#reason = reason;
    for (const cut of this.#cuts) cut(reason);
    this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd(this, {
      at: this.#at,
      ...{ host: this.target.host, port: this.target.port },
      ...{ allowed: this.#allowed, reason: this.#reason },
      ...{ bytesOut: this.#bytesOut, bytesIn: this.#bytesIn },
    });
  }
}

/** Seen from the sandbox. */
export type Direction = 'out' | 'in';
