import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { Wire } from '../../adapters/sandbox/runner/carried-stream.ts';

/** Shares a runner's standard streams, as Docker does with those who attach to a container. */
export interface Hub {
  /** Another client; what it sends is torn into pieces of at most that many bytes. */
  open(pieceBytes?: number): Wire & { readonly stream: Duplex };
}

/** Puts a hub in front of two streams; everybody hears everything. */
export function startHub(stdin: NodeJS.WritableStream, stdout: NodeJS.ReadableStream): Hub {
  const clients = new Set<Duplex>();
  // The runner may end while somebody still writes.
  stdin.on('error', () => undefined);
  stdout.on('data', (bytes: Buffer) => {
    for (const client of clients) client.push(Buffer.from(bytes));
  });
  return {
    open: (pieceBytes = 1 << 15) => {
      const client: Duplex = new Duplex({
        read: () => undefined,
        write: (chunk: Buffer, _encoding, done) => {
          void (async () => {
            for (let at = 0; at < chunk.length; at += pieceBytes) {
              // Others' pieces come in between.
              await turn();
              stdin.write(chunk.subarray(at, at + pieceBytes));
            }
            done();
          })();
        },
        destroy: (error, done) => {
          clients.delete(client);
          done(error);
        },
      });
      clients.add(client);
      return { stream: client };
    },
  };
}
