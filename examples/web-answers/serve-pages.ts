import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { AddressInfo } from 'node:net';

/** Where the demo's pages are served unless the port is taken. */
export const DEFAULT_PAGES_PORT = 7480;

const HOST = '127.0.0.1';
const FOLDER = join(import.meta.dirname, 'pages');
/** A name, as only the sandbox itself answers to `127.0.0.1` in there. */
const NAME_FOR_SANDBOXES = 'harbour.localhost';
const NAME = /^[a-z][a-z0-9-]*\.html$/;

/** The demo's web pages while they are served. */
export interface DemoPages extends AsyncDisposable {
  /** Such as `http://127.0.0.1:7480`, without a slash at the end. */
  readonly url: string;
  /** What `http_get` must be allowed to reach. */
  readonly host: string;
}

/** The pages' address or host, as sandboxes know it if they may reach it. */
export function fromSandboxes(address: string): string {
  return address.replace(HOST, NAME_FOR_SANDBOXES);
}

/** Serves the pages on the loopback interface; port 0 takes a free one. */
export async function serveDemoPages(port = DEFAULT_PAGES_PORT): Promise<DemoPages> {
  const server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://pages').pathname);
    readPage(name).then(
      (page) => {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
      },
      () => {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('no such page\n');
      },
    );
  });
  await listen(server, port);
  const { port: bound } = server.address() as AddressInfo;
  const host = `${HOST}:${bound}`;
  return { url: `http://${host}`, host, [Symbol.asyncDispose]: () => close(server) };
}

async function readPage(name: string): Promise<Buffer> {
  // Names only: nothing outside of the folder can be asked for.
  if (!NAME.test(name)) throw new Error('not a page');
  return readFile(join(FOLDER, name));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
