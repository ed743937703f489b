import type {
  AuditCheck,
  CommandEntry,
  CommandRecord,
  DenialEntry,
  DenialRecord,
  RequestEntry,
  RequestRecord,
} from '../../contracts/sandbox-audit.ts';
import {
  claimSandbox,
  findSandbox,
  getSandbox,
  listSandboxes,
  markDead,
  overdueSandboxes,
  useSandbox,
} from '../sandboxes/sandboxes.ts';
import {
  findCommand,
  listCommands,
  listRequests,
  recordCommands,
  recordRequests,
  verifyAudit,
} from '../sandboxes/audit.ts';
import { listDenials, recordDenials } from '../sandboxes/denials.ts';
import type { Page, PageRequest } from './page.ts';
import type { SandboxDeathReason, SandboxImage, SandboxLevel } from '../../contracts/sandbox.ts';
import type { SandboxRecord, SandboxState } from '../../contracts/sandbox-record.ts';
import type { Database } from '../database.ts';
import type { RunRef } from '../../contracts/journal.ts';

/** What a run has one living sandbox of. */
export interface SandboxKind {
  readonly image: SandboxImage;
  readonly level: SandboxLevel;
}

/** A sandbox that is about to be made. */
export interface ClaimSandbox extends SandboxKind {
  readonly id: string;
  /** Machine that it will be on. */
  readonly host: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** Whether the caller is to make it, or another one lives already. */
export interface ClaimedSandbox {
  readonly kind: 'created' | 'existing';
  readonly sandbox: SandboxRecord;
}

/** What is known of a sandbox after it was used; absent fields stay. */
export interface SandboxUse {
  readonly id: string;
  readonly state?: Exclude<SandboxState, 'dead'>;
  /** Of the run's files, that its workspace equals now. */
  readonly revision?: number;
  /** ISO 8601. */
  readonly expiresAt?: string;
}

/** Which sandbox serves which run, and the audit of what ran in them. */
export interface SandboxStore {
  /** Of each image and level a run has one living sandbox: that one, or the new one. Throws `run.not_found`. */
  claim(ref: RunRef, claim: ClaimSandbox): Promise<ClaimedSandbox>;
  /** The run's living one of that image and level; null if none lives. */
  find(ref: RunRef, kind: SandboxKind): Promise<SandboxRecord | null>;
  /** Throws `sandbox.not_found`. */
  get(workspaceId: string, sandboxId: string): Promise<SandboxRecord>;
  /** All that a run has had, oldest first. */
  list(ref: RunRef): Promise<readonly SandboxRecord[]>;
  /** Notes its use; false if it is dead or unknown. */
  use(workspaceId: string, use: SandboxUse): Promise<boolean>;
  /** Notes its death; false if it was dead already, whose reason stays. */
  markDead(
    workspaceId: string,
    death: { readonly id: string; readonly reason: SandboxDeathReason },
  ): Promise<boolean>;
  /** Those of all workspaces that should be dead by now, longest overdue first. */
  overdue(limit: number): Promise<readonly SandboxRecord[]>;
  /** Keeps commands that have ended; one that is recorded already stays. Throws `run.not_found`. */
  recordCommands(ref: RunRef, records: readonly CommandRecord[]): Promise<void>;
  /** Keeps requests to the network; give many at once. Throws `run.not_found`. */
  recordRequests(ref: RunRef, records: readonly RequestRecord[]): Promise<void>;
  /** Keeps refused system calls; one that is recorded already stays. Throws `run.not_found`. */
  recordDenials(ref: RunRef, records: readonly DenialRecord[]): Promise<void>;
  /** The command of the audit; null if none of that id has ended. */
  findCommand(ref: RunRef, commandId: string): Promise<CommandEntry | null>;
  /** Oldest first. Throws `run.not_found`. */
  commands(ref: RunRef, page: PageRequest): Promise<Page<CommandEntry>>;
  /** Oldest first. Throws `run.not_found`. */
  requests(ref: RunRef, page: PageRequest): Promise<Page<RequestEntry>>;
  /** Oldest first. Throws `run.not_found`. */
  denials(ref: RunRef, page: PageRequest): Promise<Page<DenialEntry>>;
  /** Whether the audit is as it was written. Throws `run.not_found`. */
  verifyChain(ref: RunRef): Promise<AuditCheck>;
}

/** Sandboxes on PostgreSQL. */
export function createSandboxStore(database: Database): SandboxStore {
  const { kysely } = database;
  return {
    claim: (ref, claim) => claimSandbox(kysely, ref, claim),
    find: (ref, kind) => findSandbox(kysely, ref, kind),
    get: (workspaceId, sandboxId) => getSandbox(kysely, workspaceId, sandboxId),
    list: (ref) => listSandboxes(kysely, ref),
    use: (workspaceId, use) => useSandbox(kysely, workspaceId, use),
    markDead: (workspaceId, death) => markDead(kysely, workspaceId, death),
    overdue: (limit) => overdueSandboxes(kysely, limit),
    recordCommands: (ref, records) => recordCommands(database, ref, records),
    recordRequests: (ref, records) => recordRequests(database, ref, records),
    recordDenials: (ref, records) => recordDenials(database, ref, records),
    findCommand: (ref, commandId) => findCommand(kysely, ref, commandId),
    commands: (ref, page) => listCommands(kysely, ref, page),
    requests: (ref, page) => listRequests(kysely, ref, page),
    denials: (ref, page) => listDenials(kysely, ref, page),
    verifyChain: (ref) => verifyAudit(kysely, ref),
  };
}
