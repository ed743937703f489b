import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { choosePort, isFree } from '../start/ports.ts';
import { ensureServerPrograms } from '../temporal/postgres/programs.ts';
import { PORTS_PER_SERVER } from '../temporal/postgres/server-config.ts';
import { readEnv } from '../runtime/env.ts';
import { resolveTemporal, temporalCacheDir } from '../temporal/server/resolve.ts';
import { startDevServer } from '../temporal/server/dev-server.ts';
import { startPostgres, type EmbeddedPostgres } from '../start/embedded-postgres.ts';
import { startPostgresTemporal } from '../temporal/postgres/postgres-temporal.ts';
import { POSTGRES_NAME, recordedClusterFolder } from '../start/postgres-cluster.ts';
import type { BenchOptions } from './options.ts';

/** Servers that a benchmark runs on, all its own. */
export interface Servers {
  readonly folder: string;
  readonly postgres: EmbeddedPostgres;
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    readonly pid: number;
    readonly kind: string;
  };
}

const NAMESPACE = 'bench';
const POSTGRES_PORT = 55_440;
const TEMPORAL_PORT = 17_233;
const PORT_TRIES = 50;

/** Starts PostgreSQL and Temporal in a folder that goes away with them. */
export async function startServers(
  options: BenchOptions,
  closing: AsyncDisposableStack,
  log: (line: string) => void,
): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  // PostgreSQL's own user must get through.
  chmodSync(folder, 0o711);
  closing.defer(() => rmSync(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'postgres');
  const port = await choosePort({
    name: 'PostgreSQL',
    wanted: POSTGRES_PORT,
    file: join(folder, 'ports.json'),
    log: () => undefined,
  });
  const settings = options.profile ? ['shared_preload_libraries=pg_stat_statements'] : [];
  const postgres = await startPostgres({ dataDir, port, settings, log });
  closing.defer(async () => {
    const cluster = recordedClusterFolder(dataDir);
    await postgres.stop();
    if (cluster !== undefined) rmSync(cluster, { recursive: true, force: true });
  });
  const temporal = await startTemporal(options, { folder, postgres, closing, log });
  return { folder, postgres, temporal };
}

interface Place {
  readonly folder: string;
  readonly postgres: EmbeddedPostgres;
  readonly closing: AsyncDisposableStack;
  readonly log: (line: string) => void;
}

async function startTemporal(options: BenchOptions, place: Place): Promise<Servers['temporal']> {
  if (options.temporal === 'dev') return startDev(place);
  try {
    return await startOnPostgres(place);
  } catch (error) {
    if (options.temporal === 'postgres') throw error;
    place.log(`no server on PostgreSQL: ${error instanceof Error ? error.message : String(error)}`);
    return startDev(place);
  }
}

async function startOnPostgres(place: Place): Promise<Servers['temporal']> {
  const { folder, postgres, closing, log } = place;
  const programs = await ensureServerPrograms(temporalCacheDir(readEnv()), log);
  const { password } = new URL(postgres.url);
  const server = await startPostgresTemporal({
    programs,
    store: { host: '127.0.0.1', port: postgres.port, user: POSTGRES_NAME, password },
    basePort: await freePortsFrom(TEMPORAL_PORT),
    namespace: NAMESPACE,
    stateDir: join(folder, 'temporal'),
    log,
  });
  closing.defer(() => server.stop());
  const kind = 'on PostgreSQL (the same server as Holdfast, a database of its own)';
  return { address: server.address, namespace: NAMESPACE, pid: server.process.pid, kind };
}

async function startDev({ folder, closing, log }: Place): Promise<Servers['temporal']> {
  const env = readEnv();
  const cacheDir = temporalCacheDir(env);
  const found = await resolveTemporal({ searchPath: env.PATH, cacheDir, log });
  if (found.kind === 'address') throw new Error('a benchmark starts its own server');
  const server = await startDevServer({
    binary: found.path,
    port: await freePortsFrom(TEMPORAL_PORT),
    dbFile: join(folder, 'temporal', 'temporal.db'),
    namespace: NAMESPACE,
    stateDir: join(folder, 'temporal'),
    log,
  });
  closing.defer(() => server.stop());
  const kind = 'dev server on SQLite (not for published numbers)';
  return { address: server.address, namespace: NAMESPACE, pid: server.process.pid, kind };
}

async function freePortsFrom(wanted: number): Promise<number> {
  for (let base = wanted; base < wanted + PORT_TRIES * PORTS_PER_SERVER; base += PORTS_PER_SERVER) {
    const ports = Array.from({ length: PORTS_PER_SERVER }, (_, index) => base + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error(`no ${PORTS_PER_SERVER} free ports in a row from ${wanted}`);
}

/** Where bundled workflow code is kept from run to run. */
export function bundleFolder(): string {
  return join(tmpdir(), 'holdfast-bench-bundles');
}
