import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A page: its HTML, or what answers in its place. */
export type SitePage = string | ((response: ServerResponse, request: IncomingMessage) => void);

/** A site of a test, on a port of this host. */
export interface WebSite extends AsyncDisposable {
  /** `host:port`, as operators exempt it. */
  readonly host: string;
  /** The pages by their paths; changing it changes the site. */
  readonly pages: Map<string, SitePage>;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  readonly agents: ReadonlySet<string>;
  /** How many requests there were at once, at most. */
  atOnce(): number;
  url(path: string): string;
}

/** Starts a site that has these pages, and no others. */
export async function startWebSite(pages: Readonly<Record<string, SitePage>>): Promise<WebSite> {
  const has = new Map(Object.entries(pages));
  const asked: string[] = [];
  const agents = new Set<string>();
  let [open, most] = [0, 0];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    agents.add(request.headers['user-agent'] ?? '');
    open += 1;
    most = Math.max(most, open);
    response.on('close', () => (open -= 1));
    const page = has.get(path);
    if (page === undefined) response.writeHead(404).end('no such page');
    else if (typeof page !== 'string') page(response, request);
    else response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ host, pages: has, asked, agents },
    atOnce: () => most,
    url: (path) => `http://${host}${path}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A page with a text and links. */
export function page(text: string, ...links: readonly string[]): string {
  const anchors = links.map((href) => `<a href="${href}">more</a>`);
  return `<!doctype html><title>${text}</title><p>${text}.</p>${anchors.join(' ')}`;
}

/** Leads elsewhere. */
export function redirect(location: string): SitePage {
  return (response) => response.writeHead(302, { location }).end();
}

/** Answers with a status, and headers. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): SitePage {
  return (response) => response.writeHead(code, headers).end('trouble');
}

/** Bytes of a media type. */
export function file(mediaType: string, content: string | Buffer): SitePage {
  return (response) => response.writeHead(200, { 'content-type': mediaType }).end(content);
}
