import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '../../../contracts/app-error.ts';
import type { ProcessDriverOptions } from './options.ts';

/** Where programs of the host are looked for, whatever the worker's own environment says. */
export const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const PACKAGES = { bwrap: 'bubblewrap', prlimit: 'util-linux', setpriv: 'util-linux' } as const;

/** Throws `sandbox.unavailable`, naming what this machine lacks for sandboxes of this level. */
export function requirePrograms(options: ProcessDriverOptions, python: string): void {
  if (process.platform !== 'linux') {
    throw unavailable(`they need Linux, this is ${process.platform}`);
  }
  const bwrap = options.bwrap ?? 'bwrap';
  if (!isProgram(bwrap)) throw unavailable(`${bwrap} is missing: install ${PACKAGES.bwrap}`);
  if (!existsSync(python)) throw unavailable(`${python} is missing: install python3`);
  for (const name of isRoot() ? (['prlimit', 'setpriv'] as const) : (['prlimit'] as const)) {
    if (!isProgram(name)) throw unavailable(`${name} is missing: install ${PACKAGES[name]}`);
  }
}

/** Throws `sandbox.unavailable` if the sandboxes' user cannot get to their folder. */
export function requireReachable(folder: string): void {
  if (isReachable(folder)) return;
  throw unavailable(`user 1000 must be able to pass through every folder above ${folder}`);
}

/** Whether the sandboxes' user can get to what is at that path. */
export function isReachable(path: string): boolean {
  if (!isRoot()) return true;
  for (let folder = dirname(realpathSync(path)); folder !== '/'; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A worker that is root gives its rights up before it starts a sandbox. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function isProgram(name: string): boolean {
  if (name.includes('/')) return existsSync(name);
  return SEARCH_PATH.split(':').some((folder) => existsSync(join(folder, name)));
}

function unavailable(why: string): AppError {
  return new AppError('sandbox.unavailable', `Sandboxes of level process cannot be had: ${why}.`);
}
