import { request as sendRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import { connect as startTls } from 'node:tls';
import type { Flow } from './flow.ts';
import type { GateContext } from './gate-context.ts';
import { endToEnd, headBytes, toOutgoing, valuesOf } from './headers.ts';
import { formatTarget, type Target } from './host.ts';
import { readPlainRequest } from './plain-request.ts';
import type { Route } from './secrets.ts';
import { connectUpstream, NoUpstream } from './upstream.ts';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly context: GateContext;
  readonly route: Route;
  readonly path: string;
  readonly flow: Flow;
}

/** Answers a plain HTTP request; `tunnel` is the only target of a connection that tunnels. */
export async function forwardRequest(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  { context, tunnel }: { readonly context: GateContext; readonly tunnel: Target | undefined },
): Promise<void> {
  const read = readPlainRequest(request, tunnel);
  if (read.kind === 'invalid') {
    context.ledger.refuseMalformed();
    answer(response, 400, read.reason);
    return;
  }
  const route = context.routeOf(read.target);
  const { flow, reason } = context.ledger.begin(route.target);
  if (reason !== '') {
    answer(response, 403, reason);
    return;
  }
  const exchange = { request, response, context, route, path: read.path, flow };
  try {
    const upstream = await connectUpstream(route.target, context.outside);
    send(exchange, upstream);
  } catch (error) {
    const message = error instanceof NoUpstream ? error.message : 'the proxy failed';
    const refused = !(error instanceof NoUpstream) || error.refused;
    if (refused) context.ledger.refuse(flow, message);
    else flow.cut(message);
    answer(response, refused ? 403 : 502, message);
  }
}

/** Says what went wrong while that is possible, and closes the connection in any case. */
/** What may stand between quotation marks in a header. */
function quotable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&');
}

function answer(response: ServerResponse, status: number, reason: string): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    Connection: 'close',
    // No server's answer carries it: headers of proxies end here.
    'Proxy-Status': `holdfast; error=http_request_denied; details="${quotable(reason)}"`,
  });
  response.end(`${reason}\n`);
}

function send(exchange: Exchange, upstream: Socket): void {
  const { request, response, context, flow } = exchange;
  const outgoing = startOutgoing(exchange, encrypt(exchange, upstream));
  flow.onCut((reason) => {
    outgoing.destroy();
    upstream.destroy();
    answer(response, 403, reason);
  });
  if (flow.isOver) return;
  response.once('close', () => {
    outgoing.destroy();
    upstream.destroy();
    flow.end();
  });
  outgoing.once('error', () => {
    answer(response, 502, `${exchange.route.target.host} failed to answer`);
    flow.cut('the server failed to answer');
  });
  outgoing.once('response', (incoming: IncomingMessage) => deliver(exchange, incoming));
  const head = headBytes(`${request.method ?? ''} ${exchange.path}`, request.rawHeaders);
  if (!context.ledger.take(flow, 'out', head)) return;
  if (hasBody(request)) pipeline(request, context.ledger.meter(flow, 'out'), outgoing, () => {});
  else outgoing.end();
}

function encrypt({ route, context }: Exchange, upstream: Socket): Duplex {
  if (!route.tls) return upstream;
  const servername = route.target.isAddress ? {} : { servername: route.target.host };
  const ca = context.ca.length === 0 ? {} : { ca: [...context.ca] };
  const host = route.target.host;
  const tls = startTls({
    socket: upstream,
    host,
    ALPNProtocols: ['http/1.1'],
    ...servername,
    ...ca,
  });
  // The client listens too, but only once it has the connection.
  tls.on('error', () => tls.destroy());
  return tls;
}

function startOutgoing(exchange: Exchange, connection: Duplex): ClientRequest {
  const { request, route, path } = exchange;
  const replaced = new Set(['host', ...route.headers.map(([name]) => name.toLowerCase())]);
  const kept = endToEnd(request.rawHeaders).filter(([name]) => !replaced.has(name.toLowerCase()));
  const framing = kept.filter(([name]) => name.toLowerCase() !== 'content-length');
  const length = valuesOf(request.rawHeaders, 'content-length')[0];
  const body: (readonly [string, string])[] = !hasBody(request)
    ? []
    : length === undefined
      ? [['Transfer-Encoding', 'chunked']]
      : [['Content-Length', length]];
  const host = formatTarget(route.target, route.tls ? 443 : 80);
  return sendRequest({
    createConnection: () => connection,
    method: request.method ?? 'GET',
    path,
    headers: toOutgoing([['Host', host], ...framing, ...route.headers, ...body]),
    setHost: false,
  });
}

function deliver(exchange: Exchange, incoming: IncomingMessage): void {
  const { response, context, flow } = exchange;
  if (!context.ledger.take(flow, 'in', headBytes('HTTP/1.1 200', incoming.rawHeaders))) return;
  const headers = endToEnd(incoming.rawHeaders).flat();
  response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage ?? '', headers);
  pipeline(incoming, context.ledger.meter(flow, 'in'), response, (error) => {
    if (error) response.destroy();
    flow.end();
  });
}

function hasBody(request: IncomingMessage): boolean {
  const length = valuesOf(request.rawHeaders, 'content-length');
  return length.length > 0 || valuesOf(request.rawHeaders, 'transfer-encoding').length > 0;
}
