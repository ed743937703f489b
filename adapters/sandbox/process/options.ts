import type { SecretsOf } from '../docker/egress-gates.ts';
import type { KernelPlaces } from '../denials/kernel-log.ts';
import type { EgressProxy } from '../egress/proxy.ts';

/** How sandboxes of this level are made on this machine. */
export interface ProcessDriverOptions {
  /**
   * Only for these sandboxes and their records; at most 54 bytes long. A worker that is root gives
   * its sandboxes to user 1000, who must be able to pass through every folder above.
   */
  readonly socketFolder: string;
  readonly egress: EgressProxy;
  /** Headers that the proxy adds to a workspace's plain requests, so that their values stay outside. */
  readonly secretsOf?: SecretsOf;
  /** `bwrap` of the path by default. */
  readonly bwrap?: string;
  /** Below `/usr`; `/usr/bin/python3` by default. */
  readonly python?: string;
  /** Where the kernel shows what it does; the host's own by default. */
  readonly kernel?: KernelPlaces;
  /** Where the host's control groups are. */
  readonly cgroupMount?: string;
}

/** The interpreter of the runner and of the image `python`. */
export function pythonOf(options: ProcessDriverOptions): string {
  return options.python ?? '/usr/bin/python3';
}

/** Inside, and outside where the worker is root. */
export const SANDBOX_UID = 1000;
/** Where programs find the proxy inside. */
export const PROXY_PORT = 3128;
/** How long a runner may take to come up on a busy machine. */
export const READY_MS = 20_000;
