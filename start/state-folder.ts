import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../contracts/app-error.ts';
import { livingHolder } from './lock-file.ts';

/** The one folder that keeps everything of an installation on this machine. */
export interface StateFolder {
  readonly path: string;
  readonly postgres: string;
  readonly temporal: string;
  /** Files that can be made again. */
  readonly cache: string;
  readonly lockFile: string;
  readonly portsFile: string;
}

/** What a running Holdfast tells others that look into its state folder. */
export interface RunningNote {
  readonly pid: number;
  readonly apiUrl: string | null;
  readonly temporalUiUrl: string | null;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
}

const SECRET_BYTES = 32;

/** Opens the folder; throws a sentence when it cannot be written. */
export function openStateFolder(home: string | undefined): StateFolder {
  const path = resolve(home ?? '.holdfast');
  const probe = join(path, `.probe-${process.pid}`);
  try {
    makeFolder(path);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const sentence = `The state folder ${path} cannot be written (${reason}). Set HOLDFAST_HOME to a folder that can.`;
    throw new AppError('service.unavailable', sentence, { cause });
  }
  return {
    path,
    postgres: join(path, 'postgres'),
    temporal: join(path, 'temporal'),
    cache: join(path, 'cache'),
    lockFile: join(path, 'lock'),
    portsFile: join(path, 'ports.json'),
  };
}

/** A random secret of that name, made at the first call and kept readable for the owner alone. */
export function keptSecret(folder: StateFolder, name: string): string {
  return (
    readSecret(folder, name) ?? keepSecret(folder, name, randomBytes(SECRET_BYTES).toString('hex'))
  );
}

/** A secret kept earlier; undefined when there is none. */
export function readSecret(folder: StateFolder, name: string): string | undefined {
  const file = join(folder.path, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

/** Keeps a secret under a name and returns it. */
export function keepSecret(folder: StateFolder, name: string, secret: string): string {
  writeWhole(join(folder.path, name), secret);
  return secret;
}

/** Tells others what runs here; forgotten at the next call with null. */
export function noteRunning(folder: StateFolder, note: RunningNote | null): void {
  const file = join(folder.path, 'running.json');
  if (note === null) rmSync(file, { force: true });
  else writeWhole(file, JSON.stringify(note));
}

/** What runs from this folder now; undefined when nothing does or it is still starting. */
export function readRunning(folder: StateFolder): RunningNote | undefined {
  const holder = livingHolder(folder.lockFile);
  if (holder === undefined) return undefined;
  try {
    const text = readFileSync(join(folder.path, 'running.json'), 'utf8');
    const note = JSON.parse(text) as RunningNote;
    return note.pid === holder.pid ? note : undefined;
  } catch {
    return undefined;
  }
}

/** Level by level: Node's recursive mode never returns below /proc and the like. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

function writeWhole(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
