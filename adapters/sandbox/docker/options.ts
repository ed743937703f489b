import type Docker from 'dockerode';
import type { SandboxImage } from '../../../contracts/sandbox.ts';
import type { EgressProxy } from '../egress/proxy.ts';
import type { SecretsOf } from './egress-gates.ts';
import type { SandboxTransport } from './sandbox-folders.ts';
import type { Firewall } from './bridge-guard.ts';
import type { TenantCeilings } from './tenant-cgroup.ts';

/** How sandboxes of one installation are made on this machine. */
export interface DockerDriverOptions {
  /**
   * Only for sandboxes and their records; at most 54 bytes long. Best on a tmpfs such as `/run`,
   * where what a sandbox writes into its folder before that is locked counts as its memory.
   */
  readonly socketFolder: string;
  /** Names of images; `holdfast-sandbox-<image>:latest` by default. */
  readonly images?: Readonly<Partial<Record<SandboxImage, string>>>;
  readonly egress: EgressProxy;
  /** Headers that the proxy adds to a workspace's plain requests, so that their values stay outside. */
  readonly secretsOf?: SecretsOf;
  /** How to reach the daemon; its default socket otherwise. */
  readonly docker?: Docker.DockerOptions;
  /** A stronger runtime than the daemon's own. */
  readonly runtime?: { readonly level: 'gvisor' | 'microvm'; readonly name: string };
  /** How runners are reached; `auto`, the default, finds out by a real start. */
  readonly transport?: SandboxTransport | 'auto';
  /** Stands before networks of sandboxes that are reached by `attach`; the host's own otherwise. */
  readonly firewall?: Firewall;
  /** Tells drivers on one daemon apart, in `[a-z0-9_-]`; sandboxes of others are never touched. */
  readonly installation: string;
  /** For each workspace on this machine. */
  readonly ceilings?: TenantCeilings;
  readonly warn: (sentence: string) => void;
}

/** The runtime's arguments that depend on nothing but the port. */
export const PROXY_PORT = 3128;
/** Where the proxy listens for a sandbox that has a network instead of a socket. */
export const EGRESS_PORT = 13_128;
/** How long a runner may take to come up on a busy machine. */
export const READY_MS = 20_000;

/** Name of the image that a sandbox starts from. */
export function imageNameOf(options: DockerDriverOptions, image: SandboxImage): string {
  return options.images?.[image] ?? `holdfast-sandbox-${image}:latest`;
}
