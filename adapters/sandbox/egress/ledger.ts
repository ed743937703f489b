import { Transform } from 'node:stream';
import type { NetworkPolicy, NetworkRequest } from '../../../contracts/sandbox.ts';
import { Flow, type Direction } from './flow.ts';
import type { Target } from './host.ts';
import { compileRules, type Allows, type Presets } from './rules.ts';

/** What a sandbox has sent and asked for since its gate opened. */
export interface EgressUsage {
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Allowed ones, which count against the limit. */
  readonly requests: number;
  readonly refused: number;
}

/** Applies one sandbox's policy to its flows, and knows all that are under way. */
export class Ledger {
  readonly #presets: Presets;
  readonly #onRequest: (request: NetworkRequest) => void;
  readonly #maxFlows: number;
  readonly #flows = new Set<Flow>();
  #policy: NetworkPolicy;
  #allows: Allows;
  #usage = { bytesOut: 0, bytesIn: 0, requests: 0, refused: 0 };

  constructor(
    policy: NetworkPolicy,
    deps: {
      readonly presets: Presets;
      readonly maxFlows: number;
      readonly onRequest: (request: NetworkRequest) => void;
    },
  ) {
    this.#presets = deps.presets;
    this.#onRequest = deps.onRequest;
    this.#maxFlows = deps.maxFlows;
    this.#policy = policy;
    this.#allows = compileRules(policy.allow, deps.presets);
  }

  get usage(): EgressUsage {
    return { ...this.#usage };
  }

  /** Judges a request; the flow is over, with the reason, if it may not be. */
  begin(target: Pick<Target, 'host' | 'port'>): { readonly flow: Flow; readonly reason: string } {
    const flow = new Flow(target, (ended, request) => this.#end(ended, request));
    const reason = this.#judge(target);
    if (reason !== '') {
      this.#usage.refused += 1;
      flow.refuse(reason);
      return { flow, reason };
    }
    this.#usage.requests += 1;
    this.#flows.add(flow);
    return { flow, reason };
  }

  /** Notes a request that could not be read. */
  refuseMalformed(): void {
    this.#usage.refused += 1;
    new Flow({ host: '', port: 0 }, (flow, request) => this.#end(flow, request)).refuse(
      'the request was malformed',
    );
  }

  /** Refuses a flow that the rules had let pass. */
  refuse(flow: Flow, reason: string): void {
    if (flow.isOver) return;
    this.#usage.requests -= 1;
    this.#usage.refused += 1;
    flow.refuse(reason);
  }

  /** Forgets a flow that only carries others, which are counted themselves; false if it is over. */
  withdraw(flow: Flow): boolean {
    const wasThere = this.#flows.delete(flow);
    if (wasThere) this.#usage.requests -= 1;
    return wasThere;
  }

  /** Cuts off what the new policy does not allow. */
  update(policy: NetworkPolicy): void {
    const allows = compileRules(policy.allow, this.#presets);
    this.#policy = policy;
    this.#allows = allows;
    for (const flow of [...this.#flows]) {
      if (!allows(flow.target)) flow.cut('the policy no longer allows this host');
      else if (this.#bytesLeft() <= 0) flow.cut(BYTES_USED_UP);
    }
  }

  cutAll(reason: string): void {
    for (const flow of [...this.#flows]) flow.cut(reason);
  }

  /** Takes bytes off the limit; false, and the flow cut off, if so many are not left. */
  take(flow: Flow, direction: Direction, bytes: number): boolean {
    if (flow.isOver) return false;
    const fits = bytes <= this.#bytesLeft();
    const counted = fits ? bytes : Math.max(0, this.#bytesLeft());
    this.#usage[direction === 'out' ? 'bytesOut' : 'bytesIn'] += counted;
    flow.count(direction, counted);
    if (!fits) flow.cut(BYTES_USED_UP);
    return fits;
  }

  /** Passes bytes on while the limit lasts; nothing of a piece that is too large. */
  meter(flow: Flow, direction: Direction): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        if (this.take(flow, direction, chunk.length)) done(null, chunk);
        else done(new Error('cut off'));
      },
    });
  }

  #judge(target: Pick<Target, 'host' | 'port'>): string {
    try {
      if (!this.#allows(target)) return 'the policy does not allow this host and port';
      if (this.#usage.requests >= this.#policy.maxRequests) return 'the request limit is used up';
      if (this.#flows.size >= this.#maxFlows) return 'too many requests at once';
      return this.#bytesLeft() <= 0 ? BYTES_USED_UP : '';
    } catch {
      return 'the policy could not be applied';
    }
  }

  #bytesLeft(): number {
    return this.#policy.maxBytes - this.#usage.bytesIn - this.#usage.bytesOut;
  }

  #end(flow: Flow, request: NetworkRequest): void {
    this.#flows.delete(flow);
    try {
      this.#onRequest(request);
    } catch {
      // A listener's failure must not keep connections open or end the proxy.
    }
  }
}

const BYTES_USED_UP = 'the byte limit is used up';
