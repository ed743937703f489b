import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour, ChatBody } from './openai-behaviour.ts';
import { behaviourFor, type FaultCounts } from './openai-directives.ts';
import { answerChunks, answerDocument, textChunks } from './openai-wire.ts';

/** A request that reached the server. */
export interface RecordedRequest {
  readonly at: number;
  readonly body: ChatBody;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whether the client closed the connection before the answer was complete. */
  readonly closedByClient: boolean;
  /** Settles when the answer is complete or the connection is gone. */
  readonly closed: Promise<void>;
}

/** A server that speaks OpenAI's chat completions, faults included. */
export interface OpenAiServer {
  /** Base URL as the vendor's clients take it, with `/v1`. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Plans the next requests, in place of what is planned; without a plan the last user message decides. */
  script(...behaviours: readonly Behaviour[]): void;
  close(): Promise<void>;
}

interface State {
  readonly requests: RecordedRequest[];
  readonly plan: Behaviour[];
  readonly counts: FaultCounts;
  readonly stop: AbortController;
  /** Answers that the server itself broke off. */
  readonly cut: WeakSet<ServerResponse>;
}

/** Starts the server on a free port of this machine. */
export async function startOpenAiServer(): Promise<OpenAiServer> {
  const state: State = {
    requests: [],
    plan: [],
    counts: new Map(),
    stop: new AbortController(),
    cut: new WeakSet(),
  };
  const server = createServer((request, response) => {
    handle(state, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests: state.requests,
    script: (...behaviours) => void state.plan.splice(0, Infinity, ...behaviours),
    close: async () => {
      state.stop.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const text = await readAll(request);
  if (request.method !== 'POST' || !request.url?.endsWith('/chat/completions')) {
    sendJson(response, { status: 404, body: { error: { message: 'Invalid URL' } } });
    return;
  }
  const body = JSON.parse(text) as ChatBody;
  record(state, request, { response, body });
  const behaviour = state.plan.shift() ?? behaviourFor(body, state.counts);
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, state.stop.signal]);
  await play(behaviour, { response, body, signal, cut: () => cut(state, response) }).catch(
    (error: unknown) => {
      if (!signal.aborted) throw error;
    },
  );
}

interface Exchange {
  readonly response: ServerResponse;
  readonly body: ChatBody;
  readonly signal: AbortSignal;
  readonly cut: () => void;
}

function record(
  state: State,
  request: IncomingMessage,
  { response, body }: { readonly response: ServerResponse; readonly body: ChatBody },
): void {
  const closed = Promise.withResolvers<undefined>();
  const entry = {
    at: Date.now(),
    body,
    headers: request.headers,
    closedByClient: false,
    closed: closed.promise,
  };
  response.once('close', () => {
    entry.closedByClient = !response.writableEnded && !state.cut.has(response);
    closed.resolve(undefined);
  });
  state.requests.push(entry);
}

async function play(behaviour: Behaviour, exchange: Exchange): Promise<void> {
  const { response, body, signal } = exchange;
  switch (behaviour.kind) {
    case 'error':
      sendJson(response, {
        status: behaviour.status,
        body: { error: behaviour.error },
        headers: behaviour.headers,
      });
      return;
    case 'answer':
      if (body.stream !== true) {
        await sleep(behaviour.chunkDelayMs ?? 0, undefined, { signal });
        sendJson(response, { status: 200, body: answerDocument(behaviour, body) });
        return;
      }
      await stream(exchange, answerChunks(behaviour, body), behaviour.chunkDelayMs ?? 0);
      response.end('data: [DONE]\n\n');
      return;
    case 'cut':
      await stream(exchange, textChunks(behaviour.text, body), 0);
      // The client must have read what was sent, or it sees a refused connection instead.
      await sleep(20, undefined, { signal });
      exchange.cut();
      return;
    case 'stream_error':
      await stream(exchange, [...textChunks(behaviour.text, body), { error: behaviour.error }], 0);
      response.end();
      return;
    case 'unfinished':
      await stream(exchange, textChunks(behaviour.text, body), 0);
      response.end();
      return;
    case 'silence':
      if (behaviour.text !== undefined) {
        await stream(exchange, textChunks(behaviour.text, body), 0);
      }
      await sleep(behaviour.ms, undefined, { signal });
      await stream(exchange, answerChunks({ kind: 'answer', text: 'sorry' }, body), 0);
      response.end('data: [DONE]\n\n');
  }
}

function cut(state: State, response: ServerResponse): void {
  state.cut.add(response);
  response.socket?.destroy();
}

async function stream(
  { response, signal }: Exchange,
  chunks: readonly object[],
  delayMs: number,
): Promise<void> {
  if (!response.headersSent) {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-request-id': 'req_fake',
    });
    response.flushHeaders();
  }
  for (const chunk of chunks) {
    if (delayMs > 0) await sleep(delayMs, undefined, { signal });
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
}

interface JsonAnswer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

function sendJson(response: ServerResponse, { status, body, headers }: JsonAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
