import type { Socket } from 'node:net';
import { readClientHello } from './client-hello.ts';

/** What a client begins to say in its tunnel. */
export type FirstBytes =
  | { readonly kind: 'tls'; readonly serverName: string | null; readonly encrypted: boolean }
  | { readonly kind: 'http' }
  | { readonly kind: 'invalid'; readonly reason: string };

/** `fatal access_denied`, which clients show to their users. */
const TLS_ALERT = Buffer.from([21, 3, 1, 0, 2, 2, 49]);

/** Waits for the first bytes and puts them back: whoever reads the socket next sees them again. */
export function readFirstBytes(
  socket: Socket,
  head: Buffer,
  timeoutMs: number,
): Promise<FirstBytes> {
  return new Promise((resolve) => {
    let held = head;
    const settle = (found: FirstBytes) => {
      clearTimeout(timer);
      socket.off('data', take).off('end', ended).off('close', ended);
      socket.pause();
      if (held.length > 0 && !socket.destroyed && !socket.readableEnded) socket.unshift(held);
      resolve(found);
    };
    const ended = () => settle({ kind: 'invalid', reason: 'the client closed the connection' });
    const judge = () => {
      const found = classify(held);
      if (found !== null) settle(found);
    };
    const take = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      judge();
    };
    const late = () => settle({ kind: 'invalid', reason: 'the client said nothing in time' });
    const timer = setTimeout(late, timeoutMs);
    socket.on('data', take).on('end', ended).on('close', ended);
    judge();
  });
}

/** Ends a connection that has begun with TLS in a way that its client understands. */
export function denyTls(socket: Socket): void {
  socket.end(TLS_ALERT, () => socket.destroy());
}

function classify(bytes: Buffer): FirstBytes | null {
  const first = bytes[0];
  if (first === undefined) return null;
  // Methods begin with a capital letter.
  if (first >= 0x41 && first <= 0x5a) return { kind: 'http' };
  const hello = readClientHello(bytes);
  if (hello.kind === 'incomplete') return null;
  if (hello.kind === 'invalid') return { kind: 'invalid', reason: `${hello.reason} in the tunnel` };
  return { kind: 'tls', serverName: hello.serverName, encrypted: hello.encrypted };
}
