import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { AppError } from '../contracts/app-error.ts';
import { SHARED_STATE_DIR } from './postgres-binaries.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { canReach, giveTo } from './postgres-user.ts';
import type { ServerUser } from './postgres-user.ts';

/** The database files and what is needed to get in. */
export interface PostgresCluster {
  readonly folder: string;
  readonly password: string;
}

/** The superuser's name, and the name of our database. */
export const POSTGRES_NAME = 'holdfast';

const PASSWORD_BYTES = 24;
const FOLDER_NAME_BYTES = 8;
const INITDB_TIMEOUT_MS = 120_000;

/** Where to find the cluster of a state folder and whom it belongs to. */
export interface ClusterPlace {
  readonly dataDir: string;
  readonly binaries: PostgresBinaries;
  readonly user: ServerUser | undefined;
  readonly log: (line: string) => void;
}

/** Opens the cluster of a state folder; creates it the first time. */
export function ensureCluster(place: ClusterPlace): PostgresCluster {
  mkdirSync(place.dataDir, { recursive: true });
  const folder = clusterFolder(place);
  const password = ensurePassword(place.dataDir);
  if (!existsSync(join(folder, 'PG_VERSION'))) initialise(place, folder, password);
  return { folder, password };
}

/** The cluster's folder as recorded; undefined before the first start. */
export function recordedClusterFolder(dataDir: string): string | undefined {
  try {
    return readFileSync(join(dataDir, 'cluster-path'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/**
 * Beside the other state, unless we are root and the server's user cannot get there, as below
 * /root. The choice is recorded: a moved state folder keeps its data.
 */
function clusterFolder({ dataDir, user, log }: ClusterPlace): string {
  const own = join(resolve(dataDir), 'data');
  if (existsSync(join(own, 'PG_VERSION'))) return recordFolder(dataDir, own);
  const recorded = recordedClusterFolder(dataDir);
  if (recorded !== undefined && existsSync(join(recorded, 'PG_VERSION'))) return recorded;
  if (user === undefined || canReach(user, own)) return recordFolder(dataDir, own);
  // A random name: a state folder that was deleted and made anew must not meet its old data.
  const key = randomBytes(FOLDER_NAME_BYTES).toString('hex');
  const folder = join(SHARED_STATE_DIR, key, 'data');
  log(`PostgreSQL: its user cannot reach ${own}; the data is kept in ${folder}`);
  return recordFolder(dataDir, folder);
}

function recordFolder(dataDir: string, folder: string): string {
  writeFileSync(join(dataDir, 'cluster-path'), `${folder}\n`);
  return folder;
}

function ensurePassword(dataDir: string): string {
  const file = join(dataDir, 'password');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(PASSWORD_BYTES).toString('hex'), { mode: 0o600 });
  }
  return readFileSync(file, 'utf8').trim();
}

/** Built under another name and renamed, so that an interrupted start begins again from nothing. */
function initialise(place: ClusterPlace, folder: string, password: string): void {
  const draft = `${folder}.new`;
  const passwordFile = `${draft}.password`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dirname(draft), { recursive: true });
  mkdirSync(draft, { mode: 0o700 });
  giveTo(place.user, draft);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(place.user, passwordFile);
  place.log('PostgreSQL: creating the database files');
  const run = spawnSync(place.binaries.initdb, initdbArguments(draft, passwordFile), {
    encoding: 'utf8',
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
    cwd: '/',
    timeout: INITDB_TIMEOUT_MS,
    ...place.user,
  });
  rmSync(passwordFile, { force: true });
  if (run.status !== 0) {
    const words = run.error?.message ?? (run.stderr || run.stdout).trim();
    throw new AppError('service.unavailable', `PostgreSQL's files cannot be created: ${words}`);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
}

function initdbArguments(folder: string, passwordFile: string): readonly string[] {
  return [
    ...['--pgdata', folder, '--username', POSTGRES_NAME, '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
    ...['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
  ];
}
