import { createServer, type ServerResponse } from 'node:http';

/** A request that reached the double. */
export interface DoubleRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A server that stands in for a vendor. */
export interface HttpDouble {
  readonly url: string;
  readonly requests: readonly DoubleRequest[];
  /** Settles when the connection of the last answer is closed. */
  lastClosed(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server on a free port of this machine that answers every request with `answer`. */
export async function startHttpDouble(
  answer: (response: ServerResponse, request: DoubleRequest) => void,
): Promise<HttpDouble> {
  const requests: DoubleRequest[] = [];
  let lastClosed = Promise.resolve<undefined>(undefined);
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    const closed = Promise.withResolvers<undefined>();
    lastClosed = closed.promise;
    response.once('close', () => closed.resolve(undefined));
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      const entry = { path: request.url ?? '', headers: request.headers, text };
      requests.push(entry);
      answer(response, entry);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the double has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    lastClosed: async () => lastClosed,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Writes server-sent events, named by their `type` if they have one. */
export function sendEvents(response: ServerResponse, events: readonly object[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) {
    const name = 'type' in event ? `event: ${String(event.type)}\n` : '';
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
  }
}
