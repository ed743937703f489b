import { AppError } from '../../../contracts/app-error.ts';
import { isErrorCode } from '../../../contracts/errors.ts';
import {
  COMMAND_ENDS,
  type CommandEnd,
  type CommandResult,
  type ManifestEntry,
} from '../../../contracts/sandbox.ts';
import type { SandboxMetrics } from '../port.ts';

/** A JSON object from inside, of which nothing is known yet. */
export type Foreign = Readonly<Record<string, unknown>>;

/** The error of a runner that does not speak the protocol. */
export function broken(what: string): AppError {
  return new AppError('sandbox.unavailable', `the runner sent a wrong ${what}`);
}

/** A payload that is a JSON object. */
export function parseObject(payload: Buffer): Foreign {
  const value = parseJson(payload);
  if (!isObject(value)) throw broken('message');
  return value;
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    throw broken('message');
  }
}

function isObject(value: unknown): value is Foreign {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A count: whole, not negative, exact. */
export function countOf(value: Foreign, name: string): number {
  const found = value[name];
  if (typeof found !== 'number' || !Number.isSafeInteger(found) || found < 0) throw broken(name);
  return found;
}

function textOf(value: Foreign, name: string, limit: number): string {
  const found = value[name];
  if (typeof found !== 'string' || found.length > limit) throw broken(name);
  return found;
}

/** The failure that the runner answers with. */
export function toFailure(payload: Buffer): AppError {
  const value = parseObject(payload);
  const code = value['code'];
  const message = textOf(value, 'message', 1_000);
  const known = isErrorCode(code) && (code.startsWith('sandbox.') || code === 'request.invalid');
  return new AppError(known ? code : 'sandbox.unavailable', message);
}

/** How a command ended. */
export function toResult(payload: Buffer): CommandResult {
  const value = parseObject(payload);
  const end = COMMAND_ENDS.find((known) => known === value['end']);
  if (end === undefined || end === 'lost') throw broken('end');
  return {
    end,
    exitCode: toExitCode(value, end),
    signal: value['signal'] === null ? null : toSignal(value),
    durationMs: countOf(value, 'durationMs'),
    cpuMs: countOf(value, 'cpuMs'),
    maxMemoryBytes: countOf(value, 'maxMemoryBytes'),
    stdoutBytes: countOf(value, 'stdoutBytes'),
    stderrBytes: countOf(value, 'stderrBytes'),
    truncated: value['truncated'] === true,
  };
}

function toExitCode(value: Foreign, end: CommandEnd): number | null {
  if (end !== 'exit') return null;
  const code = countOf(value, 'exitCode');
  if (code > 255) throw broken('exitCode');
  return code;
}

function toSignal(value: Foreign): string {
  const name = textOf(value, 'signal', 16);
  if (!/^SIG[A-Z0-9+]+$/.test(name)) throw broken('signal');
  return name;
}

/** What the sandbox uses, but for its network. */
export function toMetrics(payload: Buffer): Omit<SandboxMetrics, 'networkBytes'> {
  const value = parseObject(payload);
  return {
    memoryBytes: countOf(value, 'memoryBytes'),
    memoryLimitBytes: countOf(value, 'memoryLimitBytes'),
    cpuMs: countOf(value, 'cpuMs'),
    pids: countOf(value, 'pids'),
    diskBytes: countOf(value, 'diskBytes'),
    diskLimitBytes: countOf(value, 'diskLimitBytes'),
  };
}

/** Whether it is a path as in a manifest: relative, without `.` and `..`. */
export function isPath(path: string): boolean {
  return (
    path.length <= 4_096 &&
    !path.includes('\0') &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** A piece of a listing. */
export function toEntries(payload: Buffer): readonly ManifestEntry[] {
  const list = parseJson(payload);
  if (!Array.isArray(list)) throw broken('listing');
  return list.map((value: unknown) => {
    if (!isObject(value)) throw broken('entry');
    return toEntry(value);
  });
}

function toEntry(value: Foreign): ManifestEntry {
  const path = textOf(value, 'path', 4_096);
  if (!isPath(path)) throw broken('path');
  if (value['kind'] === 'link') {
    return { kind: 'link', path, target: textOf(value, 'target', 4_096) };
  }
  const mode = countOf(value, 'mode');
  if (mode > 0o7777) throw broken('mode');
  if (value['kind'] === 'folder') return { kind: 'folder', path, mode };
  const sha256 = textOf(value, 'sha256', 64);
  if (value['kind'] !== 'file' || !/^[0-9a-f]{64}$/.test(sha256)) throw broken('entry');
  return { kind: 'file', path, sha256, sizeBytes: countOf(value, 'sizeBytes'), mode };
}

/** A piece of what changed, and when it was looked at. */
export function toChanges(payload: Buffer): {
  readonly atMs: number;
  readonly paths: readonly string[];
} {
  const value = parseObject(payload);
  const paths: unknown = value['paths'];
  if (!Array.isArray(paths)) throw broken('path');
  return { atMs: countOf(value, 'atMs'), paths: paths.map(toPath) };
}

function toPath(value: unknown): string {
  if (typeof value !== 'string' || !isPath(value)) throw broken('path');
  return value;
}
