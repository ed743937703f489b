/** A PostgreSQL for Temporal to keep its data in, with a user that may create databases. */
export interface StoreLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** What a server's configuration is made from. */
export interface ServerConfigOptions {
  readonly store: StoreLogin;
  readonly databases: StoreDatabases;
  /** First of eight ports in a row that the server uses on this machine. */
  readonly basePort: number;
  readonly dynamicConfigFile: string;
}

/** The two databases of a server. */
export interface StoreDatabases {
  readonly main: string;
  readonly visibility: string;
}

const SERVICES = ['frontend', 'history', 'matching', 'worker'] as const;
const HISTORY_SHARDS = 4;
const MAX_CONNECTIONS = 20;
const MAX_VISIBILITY_CONNECTIONS = 10;

/** How many ports a server takes from its base port on. */
export const PORTS_PER_SERVER = SERVICES.length * 2;

/**
 * The server's configuration; JSON is YAML too. The number of shards is fixed at the first start
 * for as long as the databases live.
 */
export function toServerConfig(options: ServerConfigOptions): string {
  const { basePort } = options;
  return JSON.stringify({
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'main',
      visibilityStore: 'visibility',
      numHistoryShards: HISTORY_SHARDS,
      datastores: {
        main: { sql: toStore(options, options.databases.main, MAX_CONNECTIONS) },
        visibility: {
          sql: toStore(options, options.databases.visibility, MAX_VISIBILITY_CONNECTIONS),
        },
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: Object.fromEntries(
      SERVICES.map((name, index) => [name, { rpc: toRpc(basePort + index * 2) }]),
    ),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `127.0.0.1:${basePort}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: options.dynamicConfigFile, pollInterval: '60s' },
  });
}

function toRpc(grpcPort: number) {
  return { grpcPort, membershipPort: grpcPort + 1, bindOnLocalHost: true };
}

/** The pgx driver prepares statements: a third less CPU than `postgres12`. */
function toStore({ store }: ServerConfigOptions, databaseName: string, maxConns: number) {
  return {
    pluginName: 'postgres12_pgx',
    databaseName,
    connectAddr: `${store.host}:${store.port}`,
    connectProtocol: 'tcp',
    user: store.user,
    password: store.password,
    maxConns,
    maxIdleConns: maxConns,
    maxConnLifetime: '1h',
  };
}
