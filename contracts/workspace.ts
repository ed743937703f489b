import type { SandboxLevel } from './sandbox.ts';

/** A tenant. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  /** Its sandboxes are shut off at least this strongly. */
  readonly sandboxMinLevel: SandboxLevel;
  /** ISO 8601. */
  readonly createdAt: string;
}
