import { join } from 'node:path';
import { AppError } from '../../../contracts/app-error.ts';
import type { SandboxRecord } from '../docker/sandbox-folders.ts';
import type { Sandbox, SandboxDeath } from '../port.ts';
import { connectRunner } from '../runner/runner-client.ts';
import { clearAway } from './bury.ts';
import { auditSession, withDenials } from '../denials/denials.ts';
import type { ProcessDeaths } from './deaths.ts';
import { READY_MS } from './options.ts';
import type { ProcessParts } from './parts.ts';
import {
  isAlive,
  isStopped,
  signalProcess,
  signalTree,
  waitForEnd,
  type ProcessRef,
} from './process-tree.ts';
import { readProcess, readRecorded } from './start-process.ts';
import { takeTurn } from './turn.ts';

const END_LIMIT_MS = 5_000;

/** Connects to a sandbox whose first process lives. */
export async function connectProcess(
  parts: ProcessParts,
  deaths: ProcessDeaths,
  { record, first }: { readonly record: SandboxRecord; readonly first: ProcessRef },
): Promise<Sandbox> {
  const { id, key, image, limits } = record;
  const { folders, gates } = parts;
  const died = deaths.of(record, first);
  const endpoint = { socketPath: join(folders.pathOf(key), 'runner.sock') };
  const frozen = await isPaused(parts, key, first);
  // A frozen runner answers nobody, so it runs for the moment of connecting.
  if (frozen) await setPaused(parts, key, false);
  const runner = await connectRunner({ endpoint, died, readyMs: READY_MS });
  if (frozen) await setPaused(parts, key, true);
  const amend = async (change: Partial<SandboxRecord>) => {
    const now = await folders.read(key);
    if (now !== undefined && now.death === undefined) await folders.write({ ...now, ...change });
  };
  return {
    ...{ id, image, died },
    ...runner.parts,
    ...withDenials(runner.parts, {
      log: parts.kernelLog,
      sessionOf: () => auditSession(async () => first.pid),
    }),
    metrics: async () => {
      const seen = await runner.metrics();
      const memoryLimitBytes = seen.memoryLimitBytes || limits.memoryMb * 1024 * 1024;
      return { ...seen, memoryLimitBytes, networkBytes: gates.bytes(key) };
    },
    pause: () => setPaused(parts, key, true),
    resume: () => setPaused(parts, key, false),
    extend: async (ttlMs) => {
      const most = Date.parse(record.maxExpiresAt) - Date.now();
      const until = await runner.parts.extend(Math.max(1, Math.min(ttlMs, most)));
      await amend({ expiresAt: until.toISOString() });
      return until;
    },
    updateNetwork: async (network) => {
      await gates.set(record, network);
      await amend({ network });
    },
    kill: () => removeProcess(parts, key),
    [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose](),
  };
}

/** Removes a sandbox on request; nothing to do is success. */
export async function removeProcess(parts: ProcessParts, key: string): Promise<void> {
  await using _turn = await takeTurn(parts.folders.root, key);
  await endProcess(parts, key, { reason: 'killed', detail: 'removed on request' });
}

/**
 * Kills all of a sandbox and clears it away; the reason is on record before anybody sees it die. Only
 * for who has the turn.
 */
export async function endProcess(
  parts: ProcessParts,
  key: string,
  death: SandboxDeath,
): Promise<void> {
  const recorded = await readRecorded(parts, key);
  if (recorded === null) return;
  await parts.folders.bury(key, death);
  await parts.gates.close(key);
  if (await isAlive(recorded)) {
    await signalProcess(recorded, 'SIGKILL');
    // A frozen process dies when it runs again.
    await parts.groups.freeze(key, false).catch(() => false);
    if (!(await waitForEnd(recorded, END_LIMIT_MS))) {
      throw new AppError('sandbox.unavailable', `the sandbox ${key} does not end; try again`);
    }
  }
  await clearAway(parts, key, recorded);
}

/** Whether all of it stands still. */
export async function isPaused(
  parts: ProcessParts,
  key: string,
  first: ProcessRef,
): Promise<boolean> {
  return (await parts.groups.isFrozen(key)) || (await isStopped(first));
}

async function setPaused(parts: ProcessParts, key: string, paused: boolean): Promise<void> {
  const first = await readProcess(parts, key);
  if (first === null) throw new AppError('sandbox.lost', `the sandbox ${key} is gone`);
  const done = await parts.groups.freeze(key, paused);
  if (paused && !done) await signalTree(first, 'SIGSTOP');
  if (!paused && (await isStopped(first))) await signalTree(first, 'SIGCONT');
}
