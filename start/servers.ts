import type { Env } from '../runtime/env.ts';
import { connectClient } from '../temporal/connection.ts';
import type { TemporalTarget } from '../temporal/connection.ts';
import { ensureNamespace, ensureSearchAttributes } from '../temporal/server/namespace.ts';
import { resolveTemporal, temporalCacheDir } from '../temporal/server/resolve.ts';
import { startPostgres } from './embedded-postgres.ts';
import { patiently } from './patience.ts';
import { checkDurability } from './postgres-durability.ts';
import type { Shutdown } from './shutdown.ts';
import type { StateFolder } from './state-folder.ts';
import { supervise } from './supervise.ts';
import { startTemporalServer } from './temporal-server.ts';

/** What servers are chosen by. */
export interface ServerOptions {
  readonly env: Env;
  readonly folder: StateFolder;
  /** Namespace and credentials for a server that is given by its address. */
  readonly temporal: Omit<TemporalTarget, 'address'>;
  readonly shutdown: Shutdown;
  readonly log: (line: string) => void;
}

/** Servers that answer. */
export interface Servers {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string | null;
}

const POSTGRES_PORT = 54_329;
const RETENTION_DAYS = 30;

/** Connects to the servers that the environment names and starts the others, watched from then on. */
export async function provideServers(options: ServerOptions): Promise<Servers> {
  const databaseUrl = await provideDatabase(options);
  return { databaseUrl, ...(await provideTemporal(options)) };
}

async function provideDatabase(options: ServerOptions): Promise<string> {
  const { env, folder, shutdown, log } = options;
  const given = env.DATABASE_URL;
  if (given !== undefined) {
    log('PostgreSQL: using the database of DATABASE_URL');
    const weaknesses = await patiently(() => checkDurability(given), log);
    for (const weakness of weaknesses) log(`WARNING! PostgreSQL: ${weakness}`);
    return given;
  }
  const postgres = await startPostgres({ dataDir: folder.postgres, port: POSTGRES_PORT, log });
  shutdown.add(
    'PostgreSQL',
    () => postgres.stop(),
    () => postgres.process().stop('SIGQUIT', 0),
  );
  shutdown.addWatch(supervise({ name: 'PostgreSQL', ...postgres }, { log }));
  log(`PostgreSQL: ready at 127.0.0.1:${postgres.port}, data in ${postgres.folder}`);
  return postgres.url;
}

async function provideTemporal(options: ServerOptions): Promise<Omit<Servers, 'databaseUrl'>> {
  const { env, folder, shutdown, log } = options;
  const found = await resolveTemporal({
    address: env.TEMPORAL_ADDRESS,
    searchPath: env.PATH,
    cacheDir: temporalCacheDir(env),
    log,
  });
  if (found.kind === 'address') {
    await patiently(() => prepareNamespace({ ...options.temporal, address: found.address }), log);
    return { temporalAddress: found.address, temporalUiUrl: null };
  }
  const { namespace } = options.temporal;
  const server = await startTemporalServer({
    binary: found.path,
    stateDir: folder.temporal,
    namespace,
    log,
  });
  shutdown.add(
    'Temporal',
    () => server.stop(),
    () => server.process().stop('SIGKILL'),
  );
  shutdown.addWatch(supervise({ name: 'Temporal', ...server }, { log }));
  log(`Temporal: ready at ${server.address}, namespace ${namespace}`);
  return { temporalAddress: server.address, temporalUiUrl: server.uiUrl };
}

async function prepareNamespace(target: TemporalTarget): Promise<void> {
  await using temporal = await connectClient(target);
  await ensureNamespace(temporal.connection, target.namespace, RETENTION_DAYS);
  await ensureSearchAttributes(temporal.connection, target.namespace);
}
