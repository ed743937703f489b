import type { SandboxDeathReason, SandboxImage, SandboxLevel } from './sandbox.ts';

/** States of a sandbox; it never leaves `dead`. */
export const SANDBOX_STATES = ['starting', 'running', 'paused', 'dead'] as const;
/** State of a sandbox. */
export type SandboxState = (typeof SANDBOX_STATES)[number];

/** A sandbox as it is kept; times are ISO 8601. */
export interface SandboxRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly runId: string;
  readonly image: SandboxImage;
  readonly level: SandboxLevel;
  /** Machine that it is on. */
  readonly host: string;
  readonly state: SandboxState;
  /** Of the run's files, that its workspace was last known to equal; 0: the empty one. */
  readonly revision: number;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  /** Null while it lives. */
  readonly died: SandboxDeathReason | null;
  readonly diedAt: string | null;
}
