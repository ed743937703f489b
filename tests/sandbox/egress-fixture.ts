import { afterAll, beforeAll } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createEgressProxy, type EgressGate } from '../../adapters/sandbox/egress/proxy.ts';
import type { EgressOptions, GateSpec } from '../../adapters/sandbox/egress/proxy.ts';
import type { NetworkPolicy, NetworkRequest } from '../../contracts/sandbox.ts';

/** A policy with room for everything a test does. */
export function allowing(...allow: readonly string[]): NetworkPolicy {
  return { allow, maxBytes: 100_000_000, maxRequests: 1_000 };
}

/** An open gate in a folder of its own, with what it has reported. */
export interface TestGate extends AsyncDisposable {
  readonly socketPath: string;
  readonly gate: EgressGate;
  readonly requests: readonly NetworkRequest[];
  /** Names that the proxy has asked its resolver for. */
  readonly resolved: readonly string[];
}

/** Opens a gate whose names all lead to this machine, which is opened for `*.test` names. */
export async function openGate(
  policy: NetworkPolicy,
  options: EgressOptions = {},
  spec: Partial<GateSpec> = {},
): Promise<TestGate> {
  const root = mkdtempSync(join(tmpdir(), 'hf-egress-'));
  const folder = join(root, 'run');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const socketPath = join(folder, 'egress.sock');
  const requests: NetworkRequest[] = [];
  const resolved: string[] = [];
  const proxy = createEgressProxy({
    resolve: async (host) => {
      resolved.push(host);
      return ['127.0.0.1'];
    },
    privateHosts: ['api.test', 'other.test', 'localhost.test', '127.0.0.1'],
    ...options,
  });
  const onRequest = (request: NetworkRequest) => void requests.push(request);
  const gate = await proxy.open({ socketPath, policy, onRequest, ...spec });
  return {
    socketPath: 'socketPath' in spec ? (spec.socketPath ?? socketPath) : socketPath,
    ...{ gate, requests, resolved },
    [Symbol.asyncDispose]: async () => {
      await gate.close();
      rmSync(root, { recursive: true });
    },
  };
}

/** A server on this machine that ends with its test. */
export interface LocalServer extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
}

/** Listens on a free port. */
export async function listening(server: Server): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Answers each request with what arrived, as JSON. */
export async function echoServer(tls?: TestCertificate): Promise<LocalServer> {
  const answer = (request: IncomingMessage, body: string) =>
    JSON.stringify({ method: request.method, url: request.url, raw: request.rawHeaders, body });
  const server = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  server.on('request', (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      response.setHeader('Proxy-Secret', 'x');
      response.end(answer(request, body));
    });
  });
  return listening(server);
}

/** Echo servers that all tests of a file share; without TLS, and with a certificate of their own. */
export interface EchoServers {
  readonly cert: TestCertificate;
  readonly plain: { readonly port: number };
  readonly tls: { readonly port: number };
}

/** Starts them before a file's tests, and ends them after. */
export function shareEchoServers(): EchoServers {
  const cert = makeCertificate();
  const servers: LocalServer[] = [];
  beforeAll(async () => {
    servers.push(await echoServer(), await echoServer(cert));
  });
  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
  });
  const serverAt = (index: number) => ({
    get port() {
      return servers[index]?.port ?? 0;
    },
  });
  return { cert, plain: serverAt(0), tls: serverAt(1) };
}

/** A certificate of the names that tests use. */
export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** Makes a certificate that is its own authority. */
export function makeCertificate(): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'hf-cert-'));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  try {
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const names = [
      '-subj',
      '/CN=api.test',
      '-addext',
      'subjectAltName=DNS:api.test,DNS:other.test',
    ];
    const files = ['-keyout', key, '-out', cert, '-days', '2'];
    execFileSync('openssl', ['req', ...kind, ...names, ...files], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Sends bytes to the gate and collects the answer until the connection ends. */
export async function exchange(socketPath: string, text: string | Buffer): Promise<string> {
  const socket = connect(socketPath);
  socket.on('error', () => socket.destroy());
  socket.write(text);
  const parts: Buffer[] = [];
  socket.on('data', (chunk) => parts.push(chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(parts).toString('latin1');
}

/** A plain request as a client sends it to a proxy; it closes the connection. */
export function get(url: string, headers: readonly string[] = []): string {
  const host = /^http:\/\/([^/]*)/.exec(url)?.[1] ?? '';
  const lines = [`GET ${url} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Asks for a tunnel; answers with the proxy's head and the socket behind it. */
export async function tunnel(
  socketPath: string,
  authority: string,
): Promise<{ readonly head: string; readonly socket: Socket }> {
  const socket = connect(socketPath);
  socket.on('error', () => socket.destroy());
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const head = await new Promise<string>((resolve) => {
    socket.once('data', (chunk) => resolve(chunk.toString()));
    socket.once('close', () => resolve(''));
  });
  return { head, socket };
}

/** Speaks TLS in a tunnel; rejects if the handshake fails. */
export async function secure(
  socket: Socket,
  { cert, servername }: { readonly cert: TestCertificate; readonly servername: string },
): Promise<TLSSocket> {
  const named = servername === '' ? { checkServerIdentity: () => undefined } : { servername };
  const tls = connectTls({ socket, ca: cert.cert, ...named });
  await once(tls, 'secureConnect');
  return tls;
}

/** What the echo server says it was sent. */
export function bodyOf(answer: string): Echo {
  return JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? 'null') as Echo;
}

/** A request, as it arrived. */
interface Echo {
  readonly method: string;
  readonly url: string;
  readonly raw: readonly string[];
  readonly body: string;
}
