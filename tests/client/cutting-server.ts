import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventId, type StreamEvent } from '../../contracts/event.ts';
import type { IngestionEvent } from '../../contracts/ingestion-event.ts';

/** What a connection does to its reader. */
export interface Mischief {
  /** Bytes after which the stream is destroyed, in the middle of whatever stands there. */
  readonly cutAfterBytes: number;
  /** Entries that are sent again although the reader has them. */
  readonly repeat: number;
  /** Answer instead of a stream. */
  readonly refuse?: number;
}

type ServedEvent = StreamEvent | IngestionEvent;

/** A service that has run `run_1`, or an ingestion, and is bad at telling about it. */
export interface CuttingServer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly connections: () => number;
  /** `Idempotency-Key` to run id: what was made, however often it was asked for. */
  readonly made: ReadonlyMap<string, string>;
  readonly decided: ReadonlyMap<string, string>;
  restart(pauseMs: number): Promise<void>;
}

/** Serves the events; the n-th stream connection suffers `mischief(n)`. */
export async function startCuttingServer(
  events: readonly ServedEvent[],
  mischief: (connection: number) => Mischief,
): Promise<CuttingServer> {
  let connections = 0;
  const made = new Map<string, string>();
  const decided = new Map<string, string>();
  let answers = 0;

  const stream = (request: IncomingMessage, response: ServerResponse): void => {
    connections += 1;
    const { cutAfterBytes, repeat, refuse } = mischief(connections);
    if (refuse !== undefined) {
      response.writeHead(refuse, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ code: 'service.unavailable', detail: 'restarting' }));
      return;
    }
    const last = request.headers['last-event-id'];
    const next = last === undefined ? 0 : events.findIndex((event) => idOf(event) === last) + 1;
    const text = events
      .slice(Math.max(0, next - repeat))
      .map(frameOf)
      .join('');
    const bytes = Buffer.from(`: hello\n\n${text}event: end\ndata: {}\n\n`);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    if (cutAfterBytes >= bytes.length) {
      response.end(bytes);
      return;
    }
    response.write(bytes.subarray(0, cutAfterBytes), () => {
      setTimeout(() => response.destroy(), 2);
    });
  };

  /** Does the thing, then loses the first answers to it. */
  const applyThenDrop = (response: ServerResponse, status: number, body: unknown): void => {
    answers += 1;
    if (answers % 3 === 0) {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    } else if (answers % 3 === 1) {
      response.destroy();
    } else {
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': '999' });
      response.write('{"id"', () => response.destroy());
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? '';
    const body = await readJson(request);
    if (url.endsWith('/events')) stream(request, response);
    else if (url.endsWith('/wait?timeoutMs=240000')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('\n');
      const ended = connections > 0;
      connections += 1;
      setTimeout(() => {
        if (ended) response.end('\n{"id":"run_1","status":"succeeded"}');
        else response.destroy();
      }, 20);
    } else if (url.endsWith('/decision')) {
      const id = String(body['decisionId']);
      decided.set(id, String(body['kind']));
      applyThenDrop(response, 200, { id: 'task_1', status: 'decided' });
    } else {
      const key = String(request.headers['idempotency-key']);
      const id = made.get(key) ?? `run_${made.size + 1}`;
      made.set(key, id);
      applyThenDrop(response, 201, { id });
    }
  };

  let server = await listen(handle, 0);
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    connections: () => connections,
    made,
    decided,
    restart: async (pauseMs) => {
      await close(server);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      server = await listen(handle, port);
    },
    [Symbol.asyncDispose]: () => close(server),
  };
}

function idOf(event: ServedEvent): string {
  return event.type === 'token' ? eventId(event) : String(event.seq);
}

function frameOf(event: ServedEvent): string {
  return `id: ${idOf(event)}\r\nevent: ${event.type}\r\ndata: ${JSON.stringify(event)}\r\n\r\n`;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

async function listen(handle: Handler, port: number): Promise<Server> {
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
