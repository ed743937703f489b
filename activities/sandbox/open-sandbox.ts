import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contracts/app-error.ts';
import type { RequestRecord } from '../../contracts/sandbox-audit.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from '../../adapters/sandbox/port.ts';
import type { NetworkRequest, SandboxImage, ToolSandboxPolicy } from '../../contracts/sandbox.ts';
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

/** Which sandbox of a run is wanted. */
export interface SandboxRequest extends RunRef {
  readonly policy: ToolSandboxPolicy;
  readonly image: SandboxImage;
}

/** What opening them needs. */
export interface OpenSandboxDeps {
  readonly sandboxes: SandboxStore;
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
 * The run's living sandbox of that image and of the driver's level on this machine, else a new
 * one. One on another machine is given up. Throws `sandbox.level_unavailable`, `sandbox.unavailable`,
 * `sandbox.ceiling_reached`.
 */
export async function openSandbox(
  deps: OpenSandboxDeps,
  request: SandboxRequest,
  driver: SandboxDriver,
): Promise<OpenedSandbox> {
  const { sandboxes, host } = deps;
  for (;;) {
    const { kind, sandbox: record } = await sandboxes.claim(request, {
      id: `r_${randomBytes(12).toString('hex')}`,
      image: request.image,
      level: driver.level,
      host,
      expiresAt: new Date(Date.now() + SANDBOX_TTL_MS).toISOString(),
    });
    if (kind === 'created') return makeSandbox(deps, request, { record, driver });
    const sandbox = await reach(deps, record, driver);
    if (sandbox !== null) {
      const isReplacement =
        record.state === 'starting' && (await hadAnother(deps, request, record));
      return { sandbox, driver, record, isNew: false, isReplacement };
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
    const isReplacement = await hadAnother(deps, request, record);
    return { sandbox, record, driver, isNew: true, isReplacement };
  } catch (error) {
    await deps.sandboxes.markDead(record.workspaceId, { id: record.id, reason: 'unknown' });
    throw error;
  }
}

/** Connects to it; null if it cannot be used here, or not any more. */
async function reach(
  deps: OpenSandboxDeps,
  record: SandboxRecord,
  driver: SandboxDriver,
): Promise<Sandbox | null> {
  if (record.host !== deps.host) return null;
  const limit = Date.parse(record.createdAt) + STARTING_MS;
  for (;;) {
    try {
      return await driver.connect(record.id, requestListener(deps, record, record.id));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'sandbox.lost') throw error;
      if (record.state !== 'starting' || Date.now() > limit) return null;
      await sleep(STARTING_POLL_MS);
    }
  }
}

/** Whether what runs in it may expect traces of earlier commands. */
async function hadAnother(
  { sandboxes }: OpenSandboxDeps,
  { policy }: SandboxRequest,
  record: SandboxRecord,
): Promise<boolean> {
  const all = await sandboxes.list(record);
  return all.some(
    ({ id, image, level }) =>
      id !== record.id &&
      image === record.image &&
      // Where no tool names its level, another one may have stood in for this.
      (level === record.level || policy.toolLevel === undefined),
  );
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
