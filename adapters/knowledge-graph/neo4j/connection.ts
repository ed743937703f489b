import neo4j, { type Config, type ManagedTransaction, type Session } from 'neo4j-driver';
import { SCHEMA } from './schema.ts';
import { toAppError } from './failure.ts';

/** How to reach a Neo4j. The user and the password never show anywhere. */
export interface Neo4jSettings {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** A value that goes along with a statement. */
export type Parameter =
  string | number | boolean | null | readonly Parameter[] | { readonly [name: string]: Parameter };

/** Runs a statement and gives its rows. Values go as parameters, never as text. */
export type Run = <Row>(
  statement: string,
  parameters: Readonly<Record<string, Parameter>>,
) => Promise<readonly Row[]>;

/** A Neo4j with our indexes. */
export interface Connection extends AsyncDisposable {
  /** Statements of `work` are one transaction; it may run again after a fault that passes. */
  readonly read: <T>(work: (run: Run) => Promise<T>) => Promise<T>;
  readonly write: <T>(work: (run: Run) => Promise<T>) => Promise<T>;
}

const CONNECT_MS = 5_000;
const RETRY_MS = 15_000;
const TRANSACTION_MS = 30_000;
const POOL = 20;

/** Opens a pool of connections; the first use makes the indexes. */
export function connect({ url, user, password }: Neo4jSettings): Connection {
  const settings: Partial<Config> = {
    disableLosslessIntegers: true,
    connectionTimeout: CONNECT_MS,
    connectionAcquisitionTimeout: RETRY_MS,
    maxTransactionRetryTime: RETRY_MS,
    maxConnectionPoolSize: POOL,
    telemetryDisabled: true,
    userAgent: 'holdfast',
  };
  const driver = neo4j.driver(url, neo4j.auth.basic(user, password), settings);
  const inSession = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const session = driver.session();
    try {
      return await work(session);
    } catch (error) {
      throw toAppError(error);
    } finally {
      await session.close();
    }
  };
  let ready: Promise<void> | undefined;
  const whenReady = async (): Promise<void> => {
    ready ??= inSession(makeIndexes).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    await ready;
  };
  const options = { timeout: TRANSACTION_MS };
  return {
    read: async (work) => {
      await whenReady();
      return inSession((session) => session.executeRead((tx) => work(runIn(tx)), options));
    },
    write: async (work) => {
      await whenReady();
      return inSession((session) => session.executeWrite((tx) => work(runIn(tx)), options));
    },
    [Symbol.asyncDispose]: () => driver.close(),
  };
}

async function makeIndexes(session: Session): Promise<void> {
  for (const statement of SCHEMA) await session.run(statement);
}

function runIn(tx: ManagedTransaction): Run {
  return async <Row>(statement: string, parameters: Readonly<Record<string, Parameter>>) => {
    const { records } = await tx.run(statement, parameters);
    return records.map((record) => record.toObject() as Row);
  };
}
