import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { createBrowsers } from '../../adapters/browser/browsers.ts';
import { BROWSER_ENGINES } from '../../contracts/sandbox.ts';
import { listening } from './egress-fixture.ts';

const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const PAGE = { sessionId: 's', targetInfo: { type: 'page', targetId: 5 } };

function frameOf(message: unknown): Buffer {
  const bytes = Buffer.from(JSON.stringify(message));
  const size = Buffer.from([0x81, 126, bytes.length >> 8, bytes.length & 0xff]);
  return Buffer.concat([bytes.length < 126 ? Buffer.from([0x81, bytes.length]) : size, bytes]);
}

/** What code in a sandbox may put in Chromium's place. */
async function openImpostor() {
  const server = createServer((request, response) => {
    response.end(request.url === '/json/version' ? '"ws://127.0.0.1/devtools/browser/a"' : '[]');
  });
  server.on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key'] ?? ''}${ACCEPT_SALT}`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(`HTTP/1.1 101 x\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    let id = 0;
    socket.on('data', () => {
      id += 1;
      const result = { product: 'HeadlessChrome/156.0.1.1', userAgent: 'x', targetInfo: {} };
      const lies = [
        { id, result },
        { method: 'Target.attachedToTarget', params: null },
        { method: 'Target.attachedToTarget', params: PAGE },
        { method: 'Target.targetCreated', params: 5 },
        null,
      ];
      for (const lie of lies) socket.write(frameOf(lie));
    });
  });
  return listening(server);
}

test.each(BROWSER_ENGINES)('%s fed with lies fails a call, and no more', async (name) => {
  await using impostor = await openImpostor();
  await using browsers = createBrowsers();
  const opened = browsers.engine(name).open({
    dial: async () => {
      const socket = connect(impostor.port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    ...{ pageId: null, dialogs: 'dismiss', signal: new AbortController().signal },
  });
  await expect(opened).rejects.toMatchObject({ code: 'sandbox.unavailable' });
});

test('takes the first engine that is installed, unless one is named', async () => {
  await using browsers = createBrowsers((name) => name === 'puppeteer');
  expect(browsers.engine('auto').name).toBe('puppeteer');
  expect(() => browsers.engine('playwright')).toThrow(
    expect.objectContaining({ code: 'sandbox.level_unavailable' }),
  );
  await using all = createBrowsers();
  expect(all.engine('auto').name).toBe('playwright');
});
