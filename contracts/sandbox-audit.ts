import type { CommandEnd, DeniedCall, NetworkRequest, SandboxLevel } from './sandbox.ts';
import type { Value } from './blob.ts';

/** A command that agents' code ran, as the audit keeps it. Times are ISO 8601. */
export interface CommandRecord {
  readonly commandId: string;
  readonly sandboxId: string;
  /** Of the sandbox; absent where it was not recorded. */
  readonly level?: SandboxLevel;
  readonly stepId: string | null;
  /** The agent or person on whose behalf it ran. */
  readonly actor: string;
  /** Its `argv`, or the code that was run; by reference if it is large. */
  readonly command: Value;
  readonly cwd: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly end: CommandEnd;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly cpuMs: number;
  readonly maxMemoryBytes: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly truncated: boolean;
}

/** A request to the network, as the audit keeps it. */
export interface RequestRecord extends NetworkRequest {
  readonly sandboxId: string;
  readonly stepId: string | null;
}

/** A system call that the kernel refused, as the audit keeps it. */
export interface DenialRecord extends DeniedCall {
  readonly sandboxId: string;
  readonly stepId: string | null;
}

/** An entry's place in its run's chain; `seq` counts 1..n. */
export interface ChainLink {
  readonly seq: number;
  /** SHA-256 of the entry and of the hash before, in lowercase hex. */
  readonly hash: string;
}

/** An entry of the commands' chain. */
export interface CommandEntry extends CommandRecord, ChainLink {}
/** An entry of the requests' chain. */
export interface RequestEntry extends RequestRecord, ChainLink {}
/** An entry of the refused calls' chain. */
export interface DenialEntry extends DenialRecord, ChainLink {}

/** Whether a chain is as it was written. */
export interface ChainCheck {
  readonly length: number;
  /** Number of the first entry that was changed or is missing; null: none. */
  readonly brokenAt: number | null;
}

/** Whether a run's audit is as it was written. */
export interface AuditCheck {
  readonly valid: boolean;
  readonly commands: ChainCheck;
  readonly requests: ChainCheck;
  readonly denials: ChainCheck;
}
