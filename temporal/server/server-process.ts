import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../contracts/app-error.ts';
import { commandLineOf, identifyProcess, isSameProcess } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** What to start and where its traces go. */
export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: servers see none of ours, hence none of our secrets. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly pidFile: string;
  /** Text in the command line that tells this server from any other program. */
  readonly marker: string;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** A running server of ours. */
export interface ServerProcess {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process is gone, with a sentence on how it ended. */
  readonly exited: Promise<string>;
  /** True until the process has ended. */
  isRunning(): boolean;
  /** The last lines of its log. */
  lastWords(): string;
  /** Asks the process to end, insists after `graceMs`, and returns when it is gone. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
}

const LOG_LIMIT_BYTES = 20_000_000;
const LAST_LINES = 15;
const STOP_GRACE_MS = 10_000;
const POLL_MS = 50;

/**
 * Starts a server in its own process group, so that Ctrl-C in a terminal reaches us alone and
 * servers end in order. Its output goes to a file: it outlives us, and a pipe would break.
 */
export async function spawnServer(spec: ServerCommand): Promise<ServerProcess> {
  for (const file of [spec.logFile, spec.pidFile]) mkdirSync(dirname(file), { recursive: true });
  rotate(spec.logFile);
  const log = openSync(spec.logFile, 'a');
  const child = spawn(spec.command, [...spec.args], {
    env: spec.env,
    stdio: ['ignore', log, log],
    detached: true,
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...spec.user,
  });
  closeSync(log);
  let ending: string | undefined;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      ending = how;
      rmSync(spec.pidFile, { force: true });
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code ?? 'unknown'}`));
  });
  const { pid } = child;
  if (pid === undefined) {
    throw new AppError('service.unavailable', `${spec.name} cannot be started: ${await exited}.`);
  }
  const identity = identifyProcess(pid);
  if (identity !== undefined) writeFileSync(spec.pidFile, JSON.stringify(identity));
  const isRunning = (): boolean => ending === undefined;
  const stop = async (signal: NodeJS.Signals = 'SIGTERM', graceMs = STOP_GRACE_MS) => {
    if (!isRunning()) return;
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  };
  return { name: spec.name, pid, exited, isRunning, lastWords: () => tail(spec.logFile), stop };
}

/**
 * Ends a server that an earlier, killed start of ours left behind. A process that merely has the
 * same id is left alone.
 */
export async function stopOrphan(
  spec: Pick<ServerCommand, 'pidFile' | 'marker'>,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<boolean> {
  const identity = readIdentity(spec.pidFile);
  rmSync(spec.pidFile, { force: true });
  if (identity === undefined || !isSameProcess(identity)) return false;
  if (!commandLineOf(identity.pid).includes(spec.marker)) return false;
  await endProcess(identity, signal, STOP_GRACE_MS);
  return true;
}

/** Ends a process that is not our child: asks, waits, then kills. */
export async function endProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  const deadline = Date.now() + graceMs;
  sendSignal(identity.pid, signal);
  while (isSameProcess(identity) && Date.now() < deadline) await sleep(POLL_MS);
  if (!isSameProcess(identity)) return;
  sendSignal(identity.pid, 'SIGKILL');
  while (isSameProcess(identity) && Date.now() < deadline + STOP_GRACE_MS) await sleep(POLL_MS);
}

/** Which process a pid file names; undefined when there is no readable one. */
export function readIdentity(pidFile: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(pidFile, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('pid' in value) || !('begun' in value)) return undefined;
    const { pid, begun } = value;
    return typeof pid === 'number' && typeof begun === 'string' ? { pid, begun } : undefined;
  } catch {
    return undefined;
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

function rotate(file: string): void {
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  } catch {
    return '';
  }
}
