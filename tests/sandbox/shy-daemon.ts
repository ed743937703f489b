import { createServer, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** A daemon as those that run elsewhere, or in a machine of their own. */
export interface ShyDaemon extends AsyncDisposable {
  readonly socketPath: string;
  /** Containers that it was asked to make. */
  readonly made: () => number;
}

/** What it takes for the folders of this machine are not: containers get none. */
function withoutFolders(body: Buffer): Buffer {
  const asked = JSON.parse(body.toString()) as { HostConfig?: { Binds?: unknown } };
  delete asked.HostConfig?.Binds;
  return Buffer.from(JSON.stringify(asked));
}

/** Speaks for a daemon, and shares no folder with its containers. */
export async function startShyDaemon(daemon: string): Promise<ShyDaemon> {
  const socketPath = join(tmpdir(), `hf-shy-${process.pid}.sock`);
  const sockets = new Set<Socket>();
  let made = 0;
  const forward = async (incoming: IncomingMessage): Promise<[Buffer, Record<string, unknown>]> => {
    const body = await buffer(incoming);
    if (incoming.url?.includes('/containers/create') !== true) return [body, incoming.headers];
    made += 1;
    const changed = withoutFolders(body);
    return [changed, { ...incoming.headers, 'content-length': changed.length }];
  };
  const server = createServer((incoming, outgoing) => {
    void forward(incoming).then(([body, headers]) => {
      const options = { socketPath, path: incoming.url, method: incoming.method };
      const far = request(
        { ...options, socketPath: daemon, headers: headers as never },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          outgoing.flushHeaders();
          answer.pipe(outgoing);
          outgoing.on('close', () => answer.destroy());
        },
      );
      far.on('error', () => outgoing.destroy());
      far.end(body);
    });
  });
  server.on('upgrade', (incoming, near) => {
    const far = connect(daemon);
    const heads = incoming.rawHeaders.flatMap((name, at, all) =>
      at % 2 === 0 ? [`${name}: ${all[at + 1] ?? ''}`] : [],
    );
    far.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${heads.join('\r\n')}\r\n\r\n`);
    for (const socket of [near, far]) socket.on('error', () => socket.destroy());
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    made: () => made,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
