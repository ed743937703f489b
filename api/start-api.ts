import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';
import { closingOf } from './closing.ts';

const HEADERS_TIMEOUT_MS = 15_000;
/** A body of the largest size takes this long on a line of 5 Mbit/s. */
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
const CHECK_MS = 5_000;
const CLOSE_GRACE_MS = 10_000;
const SWEEP_MS = 50;

/** A listening API. */
export interface RunningApi {
  readonly url: string;
  /** Ends streams and waits, finishes the requests in flight, then stops listening. */
  close(): Promise<void>;
}

/** Serves the app. Port 0 takes a free one. */
export async function startApi(options: {
  readonly app: Express;
  readonly port: number;
  readonly host: string;
}): Promise<RunningApi> {
  const { app, port, host } = options;
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_MS,
    },
    app,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server)}`,
    close: () => (closed ??= close(server, app)),
  };
}

function portOf(server: Server): number {
  const address = server.address() as AddressInfo | null;
  return address?.port ?? 0;
}

async function close(server: Server, app: Express): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  closingOf(app).abort();
  // A connection kept alive becomes idle only when its request is done.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_GRACE_MS);
  await stopped;
  clearInterval(sweep);
  clearTimeout(cut);
}
