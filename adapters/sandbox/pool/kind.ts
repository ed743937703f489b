import type { Demand } from './demand.ts';
import type { Sandbox, SandboxSpec } from '../port.ts';

/**
 * Sandboxes that can stand in for each other. The workspace is part of it, since a container's
 * control group cannot be changed and the workspace's ceiling must hold for it; so are the limits,
 * since the size of a file system in memory cannot be changed either.
 */
export interface Kind {
  readonly spec: SandboxSpec;
  readonly warm: Warm[];
  demand: Demand;
  starting: number;
}

/** One that waits. */
export interface Warm {
  readonly key: string;
  readonly sandbox: Sandbox;
  readonly bornAtMs: number;
}

/** Names the kind that the sandbox is of. */
export function kindOf({ workspaceId, image, limits }: SandboxSpec): string {
  const { memoryMb, cpus, pids, diskMb } = limits;
  return JSON.stringify([workspaceId, image, memoryMb, cpus, pids, diskMb]);
}
