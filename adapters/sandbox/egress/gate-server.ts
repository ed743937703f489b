import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { forwardRequest } from './forward.ts';
import type { GateContext } from './gate-context.ts';
import type { Target } from './host.ts';
import { openTunnel } from './tunnel.ts';

/** The server behind one sandbox's socket. */
export interface GateServer {
  readonly server: Server;
  close(): Promise<void>;
}

/** Makes the server that answers a sandbox's requests to the network. */
export function createGateServer(context: GateContext): GateServer {
  const { tuning } = context;
  const sockets = new Set<Socket>();
  const tunnels = new WeakMap<Socket, Target>();
  const server = createServer({
    maxHeaderSize: tuning.maxHeaderBytes,
    headersTimeout: tuning.headTimeoutMs,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, tuning.headTimeoutMs),
    insecureHTTPParser: false,
    // Refused where the other ambiguities are, with a report.
    requireHostHeader: false,
    noDelay: true,
  });
  server.maxConnections = tuning.maxConnections;
  server.timeout = tuning.idleTimeoutMs;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A client may go away at any moment, also where nobody reads.
    socket.on('error', () => socket.destroy());
  });
  server.on('request', (request, response) => {
    response.on('error', () => response.destroy());
    forwardRequest({ request, response }, { context, tunnel: tunnels.get(request.socket) }).catch(
      () => request.socket.destroy(),
    );
  });
  const speakHttp = (socket: Socket, target: Target) => {
    tunnels.set(socket, target);
    server.emit('connection', socket);
    // It was held while its first bytes were looked at.
    socket.resume();
  };
  server.on('connect', (request, duplex, head) => {
    const socket = request.socket;
    if (tunnels.has(socket)) {
      duplex.destroy();
      return;
    }
    const authority = request.url ?? '';
    openTunnel({ authority, socket, head, speakHttp }, context).catch(() => socket.destroy());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code?.startsWith('HPE_') === true && !socket.writableEnded)
      context.ledger.refuseMalformed();
    socket.end(`HTTP/1.1 ${statusOf(error)}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
  });
  return {
    server,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function statusOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large';
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout';
  return '400 Bad Request';
}
