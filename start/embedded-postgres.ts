import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../contracts/app-error.ts';
import { commandLineOf, identifyProcess } from '../temporal/server/process-identity.ts';
import { endProcess, spawnServer, stopOrphan } from '../temporal/server/server-process.ts';
import type { ServerCommand, ServerProcess } from '../temporal/server/server-process.ts';
import { acquireLock } from './lock-file.ts';
import type { Lock } from './lock-file.ts';
import { choosePort } from './ports.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { POSTGRES_NAME, ensureCluster, recordedClusterFolder } from './postgres-cluster.ts';
import { waitForPostgres } from './postgres-ready.ts';
import { serverUser } from './postgres-user.ts';

/** A PostgreSQL to start from the npm package's programs. */
export interface PostgresOptions {
  /** Holds the database files, the password, the log and the lock. */
  readonly dataDir: string;
  /** Wanted port; the next free one is used and remembered when it is taken. */
  readonly port: number;
  /** More settings of the server, `name=value`. */
  readonly settings?: readonly string[];
  readonly log: (line: string) => void;
}

/** A PostgreSQL that answers, listening on this machine only. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** Connection string of our database, with the password. */
  readonly url: string;
  readonly port: number;
  /** Where the database files are. */
  readonly folder: string;
  /** The process of this moment; another one after `restart`. */
  process(): ServerProcess;
  /** Starts the server again on the same port after its process has ended. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Durable by choice: an acknowledged commit survives a power cut. */
const SETTINGS: readonly string[] = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'fsync=on',
  'full_page_writes=on',
  'synchronous_commit=on',
  'shared_buffers=128MB',
  'max_connections=200',
  'max_wal_size=2GB',
  'checkpoint_timeout=15min',
  'wal_compression=on',
  'jit=off',
  'random_page_cost=1.1',
  'timezone=UTC',
  'log_timezone=UTC',
  'log_line_prefix=%m [%p] ',
];

const ATTEMPTS = 20;
const RETRY_MS = 500;
const STOP_GRACE_MS = 15_000;
const STILL_MAPPED = 'pre-existing shared memory block';

/** Starts PostgreSQL on its data folder; creates the folder, the password and the database first. */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options;
  const lock = acquireLock(join(dataDir, 'lock'), `PostgreSQL's folder ${dataDir}`);
  try {
    return await startLocked(options, lock);
  } catch (error) {
    lock.release();
    log('PostgreSQL: did not start');
    throw error;
  }
}

/** Ends a server that an earlier, killed start left running on this folder. */
export async function stopOrphanPostgres(dataDir: string): Promise<boolean> {
  const folder = recordedClusterFolder(dataDir);
  if (folder === undefined) return false;
  const pidFile = join(dataDir, 'postgres.pid');
  const ours = await stopOrphan({ pidFile, marker: folder }, 'SIGINT');
  return (await healPostmasterFile(folder)) || ours;
}

async function startLocked(options: PostgresOptions, lock: Lock): Promise<EmbeddedPostgres> {
  const { dataDir, log } = options;
  if (await stopOrphanPostgres(dataDir)) {
    log('PostgreSQL: stopped a server left by an earlier start');
  }
  const user = serverUser();
  const binaries = postgresBinaries(user);
  const cluster = ensureCluster({ dataDir, binaries, user, log });
  const file = join(dataDir, 'ports.json');
  const port = await choosePort({ name: 'PostgreSQL', wanted: options.port, file, log });
  const login = { port, password: cluster.password, log };
  const command = toCommand({ ...options, port }, cluster.folder, binaries.postgres);
  const spec: ServerCommand = user === undefined ? command : { ...command, user };
  const start = async (): Promise<ServerProcess> => {
    await healPostmasterFile(cluster.folder);
    const server = await spawnPatiently(spec, (candidate) => waitForPostgres(candidate, login));
    return server;
  };
  let server = await start();
  const restart = async (): Promise<void> => {
    server = await start();
  };
  const stop = async (): Promise<void> => {
    // SIGINT is PostgreSQL's fast shutdown: clients are disconnected, nothing is lost.
    await server.stop('SIGINT', STOP_GRACE_MS);
    lock.release();
  };
  const url = `postgres://${POSTGRES_NAME}:${cluster.password}@127.0.0.1:${port}/${POSTGRES_NAME}`;
  const { folder } = cluster;
  return { url, port, folder, process: () => server, restart, stop, [Symbol.asyncDispose]: stop };
}

/**
 * A killed server's children live on for moments and hold its shared memory; a start is refused
 * until they have noticed.
 */
async function spawnPatiently(
  spec: ServerCommand,
  ready: (server: ServerProcess) => Promise<void>,
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const server = await spawnServer(spec);
    try {
      await ready(server);
      return server;
    } catch (error) {
      await server.stop('SIGQUIT');
      if (attempt >= ATTEMPTS || !server.lastWords().includes(STILL_MAPPED)) throw error;
      await sleep(RETRY_MS);
    }
  }
}

/**
 * Ends the server that `postmaster.pid` names if it is one of this folder, and removes the file if
 * its process id is gone or belongs to another program by now, which PostgreSQL itself cannot tell.
 */
async function healPostmasterFile(folder: string): Promise<boolean> {
  const file = join(folder, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const identity = Number.isInteger(pid) ? identifyProcess(pid) : undefined;
  const ours = identity !== undefined && commandLineOf(pid).includes(folder);
  if (ours) await endProcess(identity, 'SIGINT', STOP_GRACE_MS);
  if (ours && identifyProcess(pid)?.begun === identity.begun) {
    const sentence = `PostgreSQL's process ${pid} works on ${folder} and cannot be stopped.`;
    throw new AppError('service.unavailable', sentence);
  }
  rmSync(file, { force: true });
  return ours;
}

function toCommand(options: PostgresOptions, folder: string, postgres: string): ServerCommand {
  const settings = [...SETTINGS, `port=${options.port}`, ...(options.settings ?? [])];
  return {
    name: 'PostgreSQL',
    command: postgres,
    args: ['-D', folder, ...settings.flatMap((setting) => ['-c', setting])],
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' },
    logFile: join(options.dataDir, 'postgres.log'),
    pidFile: join(options.dataDir, 'postgres.pid'),
    marker: folder,
    cwd: '/',
  };
}
