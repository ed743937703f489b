import type { Ledger } from './ledger.ts';
import type { RouteOf } from './secrets.ts';
import type { Outside } from './upstream.ts';

/** Bounds on what one sandbox's connections may cost the host. */
export interface EgressTuning {
  readonly connectTimeoutMs: number;
  /** For a request's head, and for the first bytes in a tunnel. */
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  /** Browsers always send one, real or not; a real one hides which site of an allowed host's provider is meant. */
  readonly allowEncryptedHello: boolean;
}

/** Used where an operator names nothing else. */
export const DEFAULT_TUNING: EgressTuning = {
  connectTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 120_000,
  maxConnections: 64,
  maxHeaderBytes: 16_384,
  allowEncryptedHello: false,
};

/** What the handlers of one sandbox's requests share. */
export interface GateContext {
  readonly ledger: Ledger;
  readonly outside: Outside;
  readonly tuning: EgressTuning;
  readonly routeOf: RouteOf;
  /** Certificates that are trusted besides the public ones, for requests that the proxy encrypts. */
  readonly ca: readonly string[];
}
