import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contracts/app-error.ts';
import { SANDBOX_LEVELS } from '../../contracts/sandbox.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { RequestRecord } from '../../contracts/sandbox-audit.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from '../../adapters/sandbox/port.ts';
import type {
  NetworkRequest,
  SandboxImage,
  SandboxLevel,
  SandboxPolicy,
} from '../../contracts/sandbox.ts';
import type { SandboxRecord } from '../../contracts/sandbox-record.ts';
import type { SandboxStore } from '../../db/stores/sandbox-store.ts';

/** It dies by itself after this long without a command. */
export const SANDBOX_TTL_MS = 15 * 60_000;
const MAX_TTL_MS = 24 * 3_600_000;
/** So long another process may take to make a sandbox that it has claimed. */
const STARTING_MS = 30_000;
const STARTING_POLL_MS = 100;
/** A browser with less crashes. */
const BROWSER_MIN = { memoryMb: 1_024, pids: 256 };
/** What runs where several are strong enough. */
const PREFERENCE: readonly SandboxLevel[] = ['docker', 'gvisor', 'microvm', 'process'];

/** Another driver may do. */
const CANNOT: ReadonlySet<ErrorCode> = new Set([
  'sandbox.unavailable',
  'sandbox.level_unavailable',
]);

/** Which sandbox of a run is wanted. */
export interface SandboxRequest extends RunRef {
  readonly policy: SandboxPolicy;
  readonly image: SandboxImage;
}

/** What opening them needs. */
export interface OpenSandboxDeps {
  readonly drivers: readonly SandboxDriver[];
  readonly sandboxes: SandboxStore;
  /** The weakest level that a workspace allows. */
  readonly minLevel: (workspaceId: string) => Promise<SandboxLevel>;
  /** Name of this machine. */
  readonly host: string;
  readonly onRequest: (run: RunRef, record: Omit<RequestRecord, 'stepId'>) => void;
}

/** A sandbox that this process is connected to. */
export interface OpenedSandbox {
  readonly sandbox: Sandbox;
  readonly record: SandboxRecord;
  readonly driver: SandboxDriver;
  /** Empty; false: it was made before, maybe by another process. */
  readonly isNew: boolean;
  /** No command has ended in it yet, and the run had another one before. */
  readonly isReplacement: boolean;
}

/**
 * The run's living sandbox of that image on this machine, else a new one. One on another machine is
 * given up. Throws `sandbox.level_unavailable`, `sandbox.unavailable`, `sandbox.ceiling_reached`.
 */
export async function openSandbox(
  deps: OpenSandboxDeps,
  request: SandboxRequest,
): Promise<OpenedSandbox> {
  const minimum = await deps.minLevel(request.workspaceId);
  const drivers = driversFor(deps.drivers, [minimum, request.policy.level]);
  const failures: AppError[] = [];
  for (const driver of drivers) {
    try {
      return await openWith(deps, request, { driver, allowed: drivers });
    } catch (error) {
      if (!(error instanceof AppError) || !CANNOT.has(error.code)) throw error;
      failures.push(error);
    }
  }
  // The preferred one's says what to mend.
  const [preferred] = failures;
  if (preferred !== undefined) throw preferred;
  const level = strongest([minimum, request.policy.level]);
  throw new AppError(
    'sandbox.level_unavailable',
    `no sandbox of level ${level} or stronger can be had here; npm run doctor says why`,
  );
}

/** Those that are strong enough, the preferred one first. */
function driversFor(
  drivers: readonly SandboxDriver[],
  levels: readonly SandboxLevel[],
): readonly SandboxDriver[] {
  const wanted = strengthOf(strongest(levels));
  return drivers
    .filter(({ level }) => strengthOf(level) >= wanted)
    .toSorted((a, b) => PREFERENCE.indexOf(a.level) - PREFERENCE.indexOf(b.level));
}

function strengthOf(level: SandboxLevel): number {
  return SANDBOX_LEVELS.indexOf(level);
}

function strongest(levels: readonly SandboxLevel[]): SandboxLevel {
  return levels.reduce((a, b) => (strengthOf(a) >= strengthOf(b) ? a : b));
}

interface Candidates {
  readonly driver: SandboxDriver;
  readonly allowed: readonly SandboxDriver[];
}

async function openWith(
  deps: OpenSandboxDeps,
  request: SandboxRequest,
  candidates: Candidates,
): Promise<OpenedSandbox> {
  const { sandboxes, host } = deps;
  for (;;) {
    const { kind, sandbox: record } = await sandboxes.claim(request, {
      id: `r_${randomBytes(12).toString('hex')}`,
      image: request.image,
      level: candidates.driver.level,
      host,
      expiresAt: new Date(Date.now() + SANDBOX_TTL_MS).toISOString(),
    });
    if (kind === 'created') return makeSandbox(deps, request, { record, ...candidates });
    const living = await reach(deps, record, candidates.allowed);
    if (living !== null) {
      const isReplacement = record.state === 'starting' && (await hadAnother(deps, record));
      return { ...living, record, isNew: false, isReplacement };
    }
    await sandboxes.markDead(record.workspaceId, {
      id: record.id,
      reason: record.host === host ? 'unknown' : 'evicted',
    });
  }
}

async function makeSandbox(
  deps: OpenSandboxDeps,
  request: SandboxRequest,
  { record, driver }: { readonly record: SandboxRecord; readonly driver: SandboxDriver },
): Promise<OpenedSandbox> {
  try {
    const sandbox = await driver.create(specOf(deps, request, record.id));
    return { sandbox, record, driver, isNew: true, isReplacement: await hadAnother(deps, record) };
  } catch (error) {
    await deps.sandboxes.markDead(record.workspaceId, { id: record.id, reason: 'unknown' });
    throw error;
  }
}

/** Connects to it; null if it cannot be used here, or not any more. */
async function reach(
  deps: OpenSandboxDeps,
  record: SandboxRecord,
  allowed: readonly SandboxDriver[],
): Promise<Pick<OpenedSandbox, 'sandbox' | 'driver'> | null> {
  const driver = allowed.find(({ level }) => level === record.level);
  if (record.host !== deps.host || driver === undefined) return null;
  const limit = Date.parse(record.createdAt) + STARTING_MS;
  for (;;) {
    try {
      return {
        driver,
        sandbox: await driver.connect(record.id, requestListener(deps, record, record.id)),
      };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'sandbox.lost') throw error;
      if (record.state !== 'starting' || Date.now() > limit) return null;
      await sleep(STARTING_POLL_MS);
    }
  }
}

async function hadAnother({ sandboxes }: OpenSandboxDeps, record: SandboxRecord): Promise<boolean> {
  const all = await sandboxes.list(record);
  return all.some(({ id, image }) => id !== record.id && image === record.image);
}

function specOf(deps: OpenSandboxDeps, request: SandboxRequest, id: string): SandboxSpec {
  const { workspaceId, runId, image, policy } = request;
  const { memoryMb, pids } = policy.limits;
  const least = image === 'browser' ? BROWSER_MIN : { memoryMb: 0, pids: 0 };
  return {
    ...{ id, workspaceId, runId, image, network: policy.network },
    limits: {
      ...policy.limits,
      memoryMb: Math.max(memoryMb, least.memoryMb),
      pids: Math.max(pids, least.pids),
    },
    ttlMs: SANDBOX_TTL_MS,
    maxTtlMs: MAX_TTL_MS,
    onRequest: requestListener(deps, request, id),
  };
}

function requestListener(
  deps: OpenSandboxDeps,
  { workspaceId, runId }: RunRef,
  sandboxId: string,
): (request: NetworkRequest) => void {
  return (request) => {
    deps.onRequest({ workspaceId, runId }, { ...request, sandboxId });
  };
}
