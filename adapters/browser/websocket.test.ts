import { createHash } from 'node:crypto';
import { duplexPair, type Duplex } from 'node:stream';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { openWebSocket, type MessageSocket } from './websocket.ts';

const SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

async function openPair(): Promise<{ readonly socket: MessageSocket; readonly server: Duplex }> {
  const [client, server] = duplexPair();
  const opening = openWebSocket(client, '/path');
  const [head] = (await once(server, 'data')) as [Buffer];
  const key = /Sec-WebSocket-Key: (\S+)/.exec(head.toString())?.[1] ?? '';
  const accept = createHash('sha1')
    .update(key + SALT)
    .digest('base64');
  server.write(`HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  return { socket: await opening, server };
}

function received(socket: MessageSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.onMessage = resolve;
  });
}

test('joins a message of several frames that arrives byte by byte', async () => {
  const { socket, server } = await openPair();
  const message = received(socket);
  const bytes = [0x01, 2, 0x68, 0x65, 0x89, 0, 0x80, 126, 0, 3, 0x6c, 0x6c, 0x6f];
  for (const byte of bytes) server.write(Buffer.from([byte]));
  expect(await message).toBe('hello');
});

test.each([5, 200, 70_000])('sends %d characters in one masked frame', async (length) => {
  const { socket, server } = await openPair();
  socket.send('x'.repeat(length));
  const [frame] = (await once(server, 'data')) as [Buffer];
  const headBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const mask = frame.subarray(headBytes, headBytes + 4);
  const text = frame.subarray(headBytes + 4).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  expect(Buffer.from(text).toString()).toBe('x'.repeat(length));
});

test('hands on one message in a turn of the event loop', async () => {
  const { socket, server } = await openPair();
  const order: string[] = [];
  const done = new Promise<void>((resolve) => {
    socket.onMessage = (message) => {
      order.push(message);
      queueMicrotask(() => order.push(`after ${message}`));
      if (message === 'b') resolve();
    };
  });
  server.write(Buffer.from([0x81, 1, 0x61, 0x81, 1, 0x62]));
  await done;
  expect(order.slice(0, 3)).toEqual(['a', 'after a', 'b']);
});

test.each([
  { why: 'a message is too large', bytes: [0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0] },
  { why: 'the browser says goodbye', bytes: [0x88, 0] },
  { why: 'its message cannot be used', bytes: [0x81, 1, 0x7b] },
])('closes when $why', async ({ bytes }) => {
  const { socket, server } = await openPair();
  socket.onMessage = (message) => void JSON.parse(message);
  const closed = new Promise<void>((resolve) => {
    socket.onClose = resolve;
  });
  server.write(Buffer.from(bytes));
  await closed;
});

test('refuses what is no answer to its question', async () => {
  const [client, server] = duplexPair();
  const opening = openWebSocket(client, '/path');
  server.write('HTTP/1.1 101 Switching\r\nSec-WebSocket-Accept: wrong\r\n\r\n');
  await expect(opening).rejects.toMatchObject({ code: 'sandbox.unavailable' });
});
