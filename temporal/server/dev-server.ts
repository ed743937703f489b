import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { AppError } from '../../contracts/app-error.ts';
import { DYNAMIC_CONFIG, toDynamicConfigFlags } from '../dynamic-config.ts';
import { SEARCH_ATTRIBUTE_NAMES } from '../search-attributes.ts';
import { isListening } from './listening.ts';
import { spawnServer, stopOrphan } from './server-process.ts';
import type { ServerCommand, ServerProcess } from './server-process.ts';

/** A dev server to start; without `uiPort` there is no web UI, without `dbFile` nothing is kept. */
export interface DevServerOptions {
  readonly binary: string;
  readonly port: number;
  readonly uiPort?: number;
  readonly dbFile?: string;
  readonly namespace: string;
  /** Folder for the log and the pid file. */
  readonly stateDir: string;
  readonly log: (line: string) => void;
}

/** A dev server that answers. */
export interface DevServer extends AsyncDisposable {
  readonly address: string;
  readonly uiUrl: string | undefined;
  readonly process: ServerProcess;
  stop(): Promise<void>;
}

const READY_DEADLINE_MS = 30_000;
const POLL_MS = 25;
const CALL_TIMEOUT_MS = 1_000;

/** Starts Temporal's dev server with our tuning and returns when it answers over gRPC. */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const spec = toCommand(options);
  if (await stopOrphan(spec)) options.log('Temporal: stopped a server left by an earlier start');
  if (options.dbFile !== undefined) mkdirSync(dirname(options.dbFile), { recursive: true });
  const server = await spawnServer(spec);
  const address = `127.0.0.1:${options.port}`;
  try {
    await waitUntilReady(server, address);
  } catch (error) {
    await server.stop('SIGKILL');
    throw error;
  }
  const stop = (): Promise<void> => server.stop();
  const uiUrl = options.uiPort === undefined ? undefined : `http://127.0.0.1:${options.uiPort}`;
  return { address, uiUrl, process: server, stop, [Symbol.asyncDispose]: stop };
}

/** Ends a dev server that an earlier, killed start left running on this state folder. */
export async function stopOrphanDevServer(stateDir: string): Promise<boolean> {
  return stopOrphan({ pidFile: pidFileIn(stateDir), marker: MARKER });
}

const MARKER = 'server start-dev';

function pidFileIn(stateDir: string): string {
  return join(stateDir, 'temporal.pid');
}

function toCommand(options: DevServerOptions): ServerCommand {
  const { binary, port, uiPort, dbFile, namespace, stateDir } = options;
  const args = [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
    ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
    ...['--namespace', namespace, '--log-level', 'warn', '--log-format', 'json'],
    ...(dbFile === undefined ? [] : ['--db-filename', dbFile]),
    // Written through at each commit of the log; a power cut may cost the last moments, a crash nothing.
    ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    ...SEARCH_ATTRIBUTE_NAMES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    ...toDynamicConfigFlags(DYNAMIC_CONFIG),
  ];
  return {
    name: 'Temporal',
    command: binary,
    args,
    // A four times lazier collector: a third less CPU for some memory.
    env: { GOGC: '400', HOME: stateDir, PATH: '/usr/bin:/bin' },
    logFile: join(stateDir, 'temporal.log'),
    pidFile: pidFileIn(stateDir),
    marker: MARKER,
  };
}

/** Polls a server until it answers; throws when its process ends or 30 seconds pass. */
export async function waitUntilReady(server: ServerProcess, address: string): Promise<void> {
  const deadline = Date.now() + READY_DEADLINE_MS;
  while (!(await answers(address))) {
    if (!server.isRunning()) {
      const sentence = `Temporal ended while starting (${await server.exited}).`;
      throw new AppError(
        'service.unavailable',
        `${sentence} Its last words:\n${server.lastWords()}`,
      );
    }
    if (Date.now() > deadline) {
      const sentence = `Temporal does not answer at ${address} after 30 s.`;
      throw new AppError(
        'service.unavailable',
        `${sentence} Its last words:\n${server.lastWords()}`,
      );
    }
    await sleep(POLL_MS);
  }
}

async function answers(address: string): Promise<boolean> {
  // A refused gRPC connection backs off for a second; a plain socket tells at once.
  if (!(await isListening(address))) return false;
  try {
    const connection = await Connection.connect({ address, connectTimeout: CALL_TIMEOUT_MS });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
