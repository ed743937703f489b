import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './error-code.ts';
import { isNewEnough, probeVersion } from './version.ts';
import type { TemporalVersion } from './version.ts';

const DRAFT_PREFIX = '.draft-';

/** A binary that ran and is new enough. */
export interface CheckedBinary {
  readonly path: string;
  readonly version: TemporalVersion;
}

/** Where the cache keeps its `temporal`. */
export function cachedBinaryPath(cacheDir: string): string {
  return join(cacheDir, 'temporal');
}

/** Runs the binary; undefined when it does not work or is too old. */
export async function checkBinary(path: string): Promise<CheckedBinary | undefined> {
  const version = await probeVersion(path);
  return version !== undefined && isNewEnough(version) ? { path, version } : undefined;
}

/** Calls `produce` with an empty folder beside the cached files, removed afterwards in any case. */
export async function withDraftFolder<T>(
  cacheDir: string,
  produce: (folder: string) => Promise<T>,
): Promise<T> {
  mkdirSync(cacheDir, { recursive: true });
  removeAbandonedDrafts(cacheDir);
  const folder = mkdtempSync(join(cacheDir, `${DRAFT_PREFIX}${process.pid}-`));
  try {
    return await produce(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Moves a finished binary to its place in the cache. Only one that has shown its version gets
 * there, and by a rename, so that no reader ever sees half a file.
 */
export async function admitBinary(draft: string, cacheDir: string): Promise<CheckedBinary> {
  chmodSync(draft, 0o755);
  const checked = await checkBinary(draft);
  if (checked === undefined) throw new Error('the binary does not run here or is too old');
  const path = cachedBinaryPath(cacheDir);
  renameSync(draft, path);
  return { path, version: checked.version };
}

function removeAbandonedDrafts(cacheDir: string): void {
  for (const name of readdirSync(cacheDir)) {
    if (!name.startsWith(DRAFT_PREFIX)) continue;
    if (isAlive(Number(name.slice(DRAFT_PREFIX.length).split('-')[0]))) continue;
    rmSync(join(cacheDir, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
