import { join } from 'node:path';
import { connectClient } from '../temporal/connection.ts';
import { startDevServer, stopOrphanDevServer } from '../temporal/server/dev-server.ts';
import type { DevServer } from '../temporal/server/dev-server.ts';
import { setRetention } from '../temporal/server/namespace.ts';
import type { ServerProcess } from '../temporal/server/server-process.ts';
import { acquireLock } from './lock-file.ts';
import { choosePort } from './ports.ts';

/** A dev server to start on a state folder. */
export interface TemporalServerOptions {
  readonly binary: string;
  readonly stateDir: string;
  readonly namespace: string;
  readonly log: (line: string) => void;
}

/** A dev server that answers and can be started again in place. */
export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string;
  process(): ServerProcess;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const PORT = 7233;
const UI_PORT = 8233;
const RETENTION_DAYS = 7;

/** Starts the dev server on remembered or free ports, keeping its database in the state folder. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { stateDir, log } = options;
  const lock = acquireLock(join(stateDir, 'lock'), `Temporal's folder ${stateDir}`);
  try {
    if (await stopOrphanDevServer(stateDir))
      log('Temporal: stopped a server left by an earlier start');
    const file = join(stateDir, 'ports.json');
    const port = await choosePort({ name: 'Temporal', wanted: PORT, file, log });
    const uiPort = await choosePort({ name: 'Temporal UI', wanted: UI_PORT, file, log });
    const dbFile = join(stateDir, 'temporal.db');
    const start = (): Promise<DevServer> => startDevServer({ ...options, port, uiPort, dbFile });
    let server = await start();
    await keepHistories(server.address, options.namespace);
    const stop = async (): Promise<void> => {
      await server.stop();
      lock.release();
    };
    const restart = async (): Promise<void> => {
      server = await start();
    };
    const uiUrl = `http://127.0.0.1:${uiPort}`;
    return { address: server.address, uiUrl, process: () => server.process, restart, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The dev server forgets closed runs after a day; rewinding one needs its history. */
async function keepHistories(address: string, namespace: string): Promise<void> {
  await using temporal = await connectClient({ address, namespace });
  await setRetention(temporal.connection, namespace, RETENTION_DAYS);
}
