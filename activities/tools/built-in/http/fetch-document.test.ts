import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFetchDocument } from './fetch-document.ts';

let server: Server;
let host: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/page') {
      response.setHeader('content-type', 'text/html').end('<p>hello');
      return;
    }
    const inside = request.url === '/inside';
    if (inside) response.setHeader('location', 'http://127.0.0.1:22/');
    response.writeHead(inside ? 302 : 404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

const fetched = (path: string, allowHosts: readonly string[] = [host]) =>
  createFetchDocument({ allowHosts })(`http://${host}${path}`, new AbortController().signal);

test('a document is read from its address', async () => {
  expect(await fetched('/page')).toEqual({
    url: `http://${host}/page`,
    mediaType: 'text/html',
    bytes: Buffer.from('<p>hello'),
  });
});

test.each([
  ['that may not be asked', '/page', []],
  ['that leads to one that may not be asked', '/inside', undefined],
])('an address %s is refused as the source of the document', async (_what, path, allowHosts) => {
  await expect(fetched(path, allowHosts)).rejects.toMatchObject({
    code: 'knowledge.source_refused',
    message: expect.stringContaining('not allowed'),
  });
});

test('an address without a document has failed', async () => {
  await expect(fetched('/missing')).rejects.toMatchObject({ code: 'tool.failed' });
});
