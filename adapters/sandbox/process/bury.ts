import { rm } from 'node:fs/promises';
import type { SandboxRecord } from '../docker/sandbox-folders.ts';
import type { SandboxDeath } from '../port.ts';
import type { ProcessParts } from './parts.ts';
import { isAlive, type ProcessRef } from './process-tree.ts';
import { readExitCode, readRecorded, stateFiles } from './start-process.ts';

const TTL_EXIT = 124;
const TERMINATED_EXIT = 143;
const KILLED_EXIT = 137;
const UNSEEN: SandboxDeath = { reason: 'unknown', detail: 'it is gone, nobody saw how' };

/** Notes why a sandbox died whose first process has ended; a later one of its name is left alone. */
export async function buryProcess(
  parts: ProcessParts,
  { key, createdAt }: SandboxRecord,
): Promise<SandboxDeath> {
  const before = await parts.folders.read(key);
  if (before?.createdAt !== createdAt) return UNSEEN;
  if (before.death !== undefined) return before.death;
  const death = await findReason(parts, key);
  const now = await parts.folders.read(key);
  if (now?.createdAt !== createdAt) return UNSEEN;
  return parts.folders.bury(key, death);
}

/**
 * Removes what a dead sandbox leaves, unless that belongs to a later one of its name. Only for who
 * has the turn.
 */
export async function clearAway(
  parts: ProcessParts,
  key: string,
  first: ProcessRef,
): Promise<void> {
  const recorded = await readRecorded(parts, key);
  if (recorded?.pid !== first.pid || recorded.startedAt !== first.startedAt) return;
  if (await isAlive(first)) return;
  await removeFiles(parts, key);
}

/** All that a sandbox has on the host but its record. Only for who has the turn. */
export async function removeFiles(parts: ProcessParts, key: string): Promise<void> {
  await parts.groups.remove(key);
  await parts.folders.removeFolder(key);
  const { status, log, process: pid } = stateFiles(parts, key);
  await Promise.all([status, log, pid].map((file) => rm(file, { force: true })));
}

async function findReason(parts: ProcessParts, key: string): Promise<SandboxDeath> {
  const code = await readExitCode(parts, key);
  if (code === TTL_EXIT) return { reason: 'ttl', detail: 'its time was over' };
  // The kernel may take the process that would have told the exit code as well.
  const wasKilled = code === KILLED_EXIT || code === null;
  if (wasKilled && (await parts.groups.oomKills(key)) > 0) {
    return { reason: 'oom', detail: 'its first process was killed for lack of memory' };
  }
  if (code === KILLED_EXIT) {
    return { reason: 'killed', detail: 'something else killed its first process' };
  }
  if (code === TERMINATED_EXIT) {
    return { reason: 'killed', detail: 'something else ended its first process' };
  }
  if (code === null) return UNSEEN;
  return { reason: 'unknown', detail: `its first process ended with exit code ${code}` };
}
