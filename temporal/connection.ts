import { Client, Connection } from '@temporalio/client';
import type { TLSConfig } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { AppError } from '../contracts/app-error.ts';

/** Where a Temporal server is and how to be let in; an API key implies TLS. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly tls?: TlsFiles | boolean;
  readonly apiKey?: string;
}

/** Contents of PEM files, for servers that demand client certificates. */
export interface TlsFiles {
  readonly serverRootCertificate?: Buffer;
  readonly certificate?: Buffer;
  readonly key?: Buffer;
}

/** An open connection with a client on it; whoever opens it closes it. */
export interface TemporalClient extends AsyncDisposable {
  readonly connection: Connection;
  readonly client: Client;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Opens a connection for calling workflows; fails within ten seconds with the address in the message. */
export async function connectClient(target: TemporalTarget): Promise<TemporalClient> {
  const connection = await refusal(target, () =>
    Connection.connect({ ...toOptions(target), connectTimeout: CONNECT_TIMEOUT_MS }),
  );
  const client = new Client({ connection, namespace: target.namespace });
  const close = async (): Promise<void> => connection.close();
  return { connection, client, close, [Symbol.asyncDispose]: close };
}

/** Opens a connection for a worker; a client on it can start workflows eagerly in that worker. */
export async function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  return refusal(target, () => NativeConnection.connect(toOptions(target)));
}

async function refusal<T>(target: TemporalTarget, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (cause) {
    const sentence = `Temporal does not answer at ${target.address}; check that it runs there.`;
    throw new AppError('service.unavailable', sentence, { cause });
  }
}

interface DialOptions {
  readonly address: string;
  readonly tls?: TLSConfig | boolean;
  readonly apiKey?: string;
}

function toOptions(target: TemporalTarget): DialOptions {
  const { address, tls, apiKey } = target;
  return {
    address,
    ...(tls === undefined ? {} : { tls: typeof tls === 'boolean' ? tls : toTls(tls) }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

function toTls({ certificate: crt, key, serverRootCertificate }: TlsFiles): TLSConfig {
  return {
    ...(serverRootCertificate === undefined
      ? {}
      : { serverRootCACertificate: serverRootCertificate }),
    ...(crt === undefined || key === undefined ? {} : { clientCertPair: { crt, key } }),
  };
}
