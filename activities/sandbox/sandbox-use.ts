import type { JsonObject } from '../../contracts/json.ts';
import type { SandboxRequest } from './open-sandbox.ts';
import type { Unstored } from './workspace-sync.ts';

/** Something that a run wants to do in its sandbox. */
export interface SandboxUse extends SandboxRequest {
  readonly stepId: string;
  readonly actor: string;
  /** Equal for every attempt. */
  readonly key: string;
  /** What the audit calls it; what has no name here is in the audit by its commands. */
  readonly audited?: JsonObject;
}

/** What came of a use. */
export interface UseReport<T> {
  readonly value: T;
  /** Paths that it changed. */
  readonly changed: readonly string[];
  /** Paths that it changed, and that are not kept. */
  readonly unstored: readonly Unstored[];
  /** True: the run had another sandbox before; its files are there, its processes are gone. */
  readonly restored: boolean;
}

/** A command that goes on when others end; it is started again if it has ended. */
export interface SandboxService {
  /** `[a-z-]{1,32}`; the same in all processes. */
  readonly name: string;
  readonly argv: readonly string[];
}
