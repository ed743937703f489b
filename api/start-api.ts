import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Express } from 'express';
import { closingOf } from './closing.ts';
import { reachableUrl } from './reachable-url.ts';

const HEADERS_TIMEOUT_MS = 15_000;
/** A body of the largest size takes this long on a line of 5 Mbit/s. */
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 65_000;
const CHECK_MS = 5_000;
const CLOSE_GRACE_MS = 10_000;
/** A request that is on its way when closing begins arrives within this time. */
const QUIET_MS = 500;
const SWEEP_MS = 50;

/** A listening API. */
export interface RunningApi {
  /** Leads here from this machine. */
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
  const busy = trackConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = addressOf(server);
  let closed: Promise<void> | undefined;
  return {
    url: reachableUrl(host, bound.address, bound.port),
    close: () => (closed ??= close(server, app, busy)),
  };
}

/** A TCP server that listens has an address of this kind. */
function addressOf(server: Server): AddressInfo {
  return server.address() as AddressInfo;
}

/** Open connections with the number of requests that each waits for. */
function trackConnections(server: Server): ReadonlyMap<Socket, number> {
  const busy = new Map<Socket, number>();
  const count = (socket: Socket, change: number): void => {
    const before = busy.get(socket);
    if (before !== undefined) busy.set(socket, before + change);
  };
  server.on('connection', (socket) => {
    busy.set(socket, 0);
    socket.once('close', () => busy.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    count(socket, 1);
    response.once('close', () => {
      count(socket, -1);
    });
  });
  return busy;
}

async function close(
  server: Server,
  app: Express,
  busy: ReadonlyMap<Socket, number>,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  closingOf(app).abort();
  const quietAt = Date.now() + QUIET_MS;
  const sweep = setInterval(() => {
    server.closeIdleConnections();
    if (Date.now() < quietAt) return;
    for (const [socket, requests] of busy) if (requests === 0) socket.destroy();
  }, SWEEP_MS);
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_GRACE_MS);
  await stopped;
  clearInterval(sweep);
  clearTimeout(cut);
}
