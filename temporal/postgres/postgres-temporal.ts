import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectClient } from '../connection.ts';
import { DYNAMIC_CONFIG, toDynamicConfigYaml } from '../dynamic-config.ts';
import type { DynamicConfig } from '../dynamic-config.ts';
import { waitUntilReady } from '../server/dev-server.ts';
import { ensureNamespace, ensureSearchAttributes } from '../server/namespace.ts';
import { spawnServer, stopOrphan } from '../server/server-process.ts';
import type { ServerCommand, ServerProcess } from '../server/server-process.ts';
import type { ServerPrograms } from './programs.ts';
import { prepareStore } from './schema.ts';
import { toServerConfig } from './server-config.ts';
import type { StoreLogin } from './server-config.ts';

/** A Temporal server on PostgreSQL to start, for benchmarks and single machines. */
export interface PostgresTemporalOptions {
  readonly programs: ServerPrograms;
  readonly store: StoreLogin;
  /** Names of the databases begin with it; `temporal` by default. */
  readonly databasePrefix?: string;
  /** First of eight free ports in a row; the frontend's. */
  readonly basePort: number;
  readonly namespace: string;
  /** Folder for the configuration, the log and the pid file. */
  readonly stateDir: string;
  /** Settings besides our tuning, which they override. */
  readonly dynamicConfig?: DynamicConfig;
  readonly retentionDays?: number;
  readonly log: (line: string) => void;
}

/** A Temporal server on PostgreSQL that answers. */
export interface PostgresTemporal extends AsyncDisposable {
  readonly address: string;
  readonly process: ServerProcess;
  stop(): Promise<void>;
}

const DEFAULT_PREFIX = 'temporal';
const DEFAULT_RETENTION_DAYS = 7;
const MARKER = '--allow-no-auth';

/** Prepares the databases, starts the server with our tuning and registers the namespace. */
export async function startPostgresTemporal(
  options: PostgresTemporalOptions,
): Promise<PostgresTemporal> {
  const { programs, store, stateDir, basePort, namespace, log } = options;
  const prefix = options.databasePrefix ?? DEFAULT_PREFIX;
  const databases = { main: prefix, visibility: `${prefix}_visibility` };
  mkdirSync(stateDir, { recursive: true });
  const spec = toCommand(programs.server, stateDir);
  if (await stopOrphan(spec)) log('Temporal: stopped a server left by an earlier start');
  await prepareStore(programs.sqlTool, store, databases);
  const dynamicConfigFile = join(stateDir, 'dynamic-config.yaml');
  const tuning = { ...DYNAMIC_CONFIG, ...options.dynamicConfig };
  writeFileSync(dynamicConfigFile, toDynamicConfigYaml(tuning));
  const config = toServerConfig({ store, databases, basePort, dynamicConfigFile });
  writeFileSync(join(stateDir, 'server.yaml'), config, { mode: 0o600 });
  const server = await spawnServer(spec);
  const address = `127.0.0.1:${basePort}`;
  const stop = (): Promise<void> => server.stop();
  try {
    await waitUntilReady(server, address);
    await using temporal = await connectClient({ address, namespace });
    const retention = options.retentionDays ?? DEFAULT_RETENTION_DAYS;
    await ensureNamespace(temporal.connection, namespace, retention);
    await ensureSearchAttributes(temporal.connection, namespace);
  } catch (error) {
    await stop();
    throw error;
  }
  return { address, process: server, stop, [Symbol.asyncDispose]: stop };
}

function toCommand(server: string, stateDir: string): ServerCommand {
  return {
    name: 'Temporal',
    command: server,
    args: ['--config-file', join(stateDir, 'server.yaml'), MARKER, 'start'],
    env: { GOGC: '400', HOME: stateDir, PATH: '/usr/bin:/bin' },
    logFile: join(stateDir, 'temporal.log'),
    pidFile: join(stateDir, 'temporal.pid'),
    marker: MARKER,
  };
}
