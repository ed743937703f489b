import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { denyTls, readFirstBytes, type FirstBytes } from './first-bytes.ts';
import type { Flow } from './flow.ts';
import type { GateContext } from './gate-context.ts';
import { parseTarget, type Target } from './host.ts';
import { connectUpstream, NoUpstream } from './upstream.ts';

/** A client's wish for a tunnel. */
export interface TunnelRequest {
  readonly authority: string;
  readonly socket: Socket;
  /** What the client has sent already. */
  readonly head: Buffer;
  /** Takes over a tunnel in which plain HTTP is spoken; its requests are judged one by one. */
  readonly speakHttp: (socket: Socket, target: Target) => void;
}

/** Answers a CONNECT: TLS to the named host passes, plain HTTP is looked into, nothing else. */
export async function openTunnel(request: TunnelRequest, context: GateContext): Promise<void> {
  const { socket } = request;
  const target = parseTarget(request.authority);
  if (target === null) {
    context.ledger.refuseMalformed();
    answer(socket, 400, 'CONNECT needs host:port');
    return;
  }
  const { flow, reason } = context.ledger.begin(target);
  if (reason !== '') {
    answer(socket, 403, reason);
    return;
  }
  const upstream = await reach(target, { flow, socket, context });
  if (upstream === null) return;
  flow.onCut(() => {
    upstream.destroy();
    socket.destroy();
  });
  if (flow.isOver) return;
  socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
  const first = await readFirstBytes(socket, request.head, context.tuning.headTimeoutMs);
  if (first.kind === 'http') {
    upstream.destroy();
    if (context.ledger.withdraw(flow)) request.speakHttp(socket, target);
    return;
  }
  const problem = problemOf(first, target, context);
  if (problem === '') return carry({ flow, socket, upstream, context });
  if (first.kind === 'tls') denyTls(socket);
  // The alert needs a moment that destroying the socket would not give it.
  deny({ flow, upstream, problem, context });
  if (first.kind !== 'tls') socket.destroy();
}

async function reach(
  target: Target,
  deps: { readonly flow: Flow; readonly socket: Socket; readonly context: GateContext },
): Promise<Socket | null> {
  try {
    return await connectUpstream(target, deps.context.outside);
  } catch (error) {
    const message = error instanceof NoUpstream ? error.message : 'the proxy failed';
    const refused = !(error instanceof NoUpstream) || error.refused;
    if (refused) deps.context.ledger.refuse(deps.flow, message);
    else deps.flow.cut(message);
    answer(deps.socket, refused ? 403 : 502, message);
    return null;
  }
}

function problemOf(first: FirstBytes, target: Target, context: GateContext): string {
  if (first.kind === 'invalid') return first.reason;
  if (first.kind === 'http') return '';
  if (first.serverName === null) return 'TLS without a server name';
  if (first.serverName.toLowerCase().replace(/\.$/, '') !== target.host || target.isAddress) {
    return 'the TLS server name is another host than the tunnel';
  }
  if (first.encrypted && !context.tuning.allowEncryptedHello) return 'an encrypted ClientHello';
  return '';
}

function deny(deps: {
  readonly flow: Flow;
  readonly upstream: Socket;
  readonly problem: string;
  readonly context: GateContext;
}): void {
  deps.upstream.destroy();
  deps.context.ledger.refuse(deps.flow, deps.problem);
}

async function carry(deps: {
  readonly flow: Flow;
  readonly socket: Socket;
  readonly upstream: Socket;
  readonly context: GateContext;
}): Promise<void> {
  const { flow, socket, upstream, context } = deps;
  socket.setTimeout(context.tuning.idleTimeoutMs, () => flow.cut('nothing was sent for too long'));
  try {
    await Promise.all([
      pipeline(socket, context.ledger.meter(flow, 'out'), upstream),
      pipeline(upstream, context.ledger.meter(flow, 'in'), socket),
    ]);
  } catch {
    // Either side went away: the flow ends, whoever was first.
  } finally {
    socket.destroy();
    upstream.destroy();
    flow.end();
  }
}

function answer(socket: Socket, status: 400 | 403 | 502, reason: string): void {
  const text = { 400: 'Bad Request', 403: 'Forbidden', 502: 'Bad Gateway' }[status];
  const body = `${reason}\n`;
  const head = [
    `HTTP/1.1 ${status} ${text}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
