import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { AppError } from '../contracts/app-error.ts';
import { errorCode } from '../temporal/server/error-code.ts';
import { identifyProcess, isSameProcess } from '../temporal/server/process-identity.ts';
import type { ProcessIdentity } from '../temporal/server/process-identity.ts';

/** A folder held by this process until released. */
export interface Lock {
  release(): void;
}

/** Who holds a lock, with what it told others about itself. */
export interface LockHolder extends ProcessIdentity {
  readonly host: string;
}

const BEAT_MS = 5_000;
const SILENCE_MS = 20_000;
const ATTEMPTS = 5;

/** Takes the lock, replacing one whose holder is dead; throws a sentence naming a living holder. */
export function acquireLock(file: string, subject: string): Lock {
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (tryTake(file)) return hold(file);
    const holder = livingHolder(file);
    if (holder !== undefined) {
      const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
      const sentence = `${subject} is in use by process ${holder.pid}${where}; stop it first.`;
      throw new AppError('service.unavailable', sentence);
    }
    discard(file);
  }
  throw new AppError('service.unavailable', `${file} is taken by other processes again and again.`);
}

/** The living process that holds the lock; undefined when nobody does. */
export function livingHolder(file: string): LockHolder | undefined {
  const holder = readHolder(file);
  if (holder === undefined) return undefined;
  // Process ids of another machine or container mean nothing here; its holder keeps the file young.
  if (holder.host !== hostname()) return ageMs(file) < SILENCE_MS ? holder : undefined;
  return isSameProcess(holder) ? holder : undefined;
}

/** The file appears with its content in one step, so nobody ever reads an empty lock. */
function tryTake(file: string): boolean {
  const draft = `${file}.${process.pid}`;
  const holder = { pid: process.pid, begun: identifyProcess(process.pid)?.begun, host: hostname() };
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * A rename gives the file to one process only. Should another one have replaced the dead holder's
 * lock in between, the living lock goes back.
 */
function discard(file: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (livingHolder(aside) !== undefined) linkSync(aside, file);
  } catch {
    // Another process was faster; the next attempt meets its lock.
  }
  rmSync(aside, { force: true });
}

function hold(file: string): Lock {
  const timer = setInterval(() => touch(file), BEAT_MS);
  timer.unref();
  const release = (): void => {
    clearInterval(timer);
    rmSync(file, { force: true });
  };
  return { release };
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The folder is gone; whoever removed it has no use for the lock.
  }
}

function ageMs(file: string): number {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0);
}

function readHolder(file: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('pid' in value) || !('begun' in value) || !('host' in value)) return undefined;
    const { pid, begun, host } = value;
    if (typeof pid !== 'number' || typeof begun !== 'string' || typeof host !== 'string') {
      return undefined;
    }
    return { pid, begun, host };
  } catch {
    return undefined;
  }
}
