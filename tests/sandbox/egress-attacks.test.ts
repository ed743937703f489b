import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { until } from '../harness/until.ts';
import { allowing, exchange, get, listening, shareEchoServers } from './egress-fixture.ts';
import { openGate, secure, tunnel } from './egress-fixture.ts';

const { cert, plain, tls } = shareEchoServers();

describe('limits', () => {
  test('refuse the request after the last allowed one', async () => {
    const policy = { ...allowing(`api.test:${plain.port}`), maxRequests: 2 };
    await using gate = await openGate(policy);
    const ask = () => exchange(gate.socketPath, get(`http://api.test:${plain.port}/`));
    expect(await ask()).toMatch(/^HTTP\/1.1 200/);
    expect(await ask()).toMatch(/^HTTP\/1.1 200/);
    expect(await ask()).toMatch(/^HTTP\/1.1 403 [^]*request limit/);
  });

  test('cut a tunnel off at the byte that is too many, with the reason', async () => {
    await using gate = await openGate({ ...allowing(`api.test:${tls.port}`), maxBytes: 6_000 });
    const { socket } = await tunnel(gate.socketPath, `api.test:${tls.port}`);
    const secured = await secure(socket, { cert, servername: 'api.test' });
    secured.on('error', () => secured.destroy());
    secured.write(`POST / HTTP/1.1\r\nHost: api.test\r\nContent-Length: 9000\r\n\r\n`);
    secured.write('x'.repeat(9_000));
    await once(secured, 'close');
    await until('the report', () => gate.requests.length === 1);
    expect(gate.requests[0]).toMatchObject({ allowed: true, reason: 'the byte limit is used up' });
    const { bytesIn, bytesOut } = gate.gate.usage();
    expect(bytesIn + bytesOut).toBe(6_000);
    const { head } = await tunnel(gate.socketPath, `api.test:${tls.port}`);
    expect(head).toMatch(/^HTTP\/1.1 403 /);
  });

  test('let exactly as many bytes pass as they say', async () => {
    const url = `http://api.test:${plain.port}/`;
    await using first = await openGate(allowing(`api.test:${plain.port}`));
    await exchange(first.socketPath, get(url));
    await until('the report', () => first.requests.length === 1);
    const { bytesIn, bytesOut } = first.gate.usage();
    const maxBytes = bytesIn + bytesOut;
    await using exact = await openGate({ ...allowing(`api.test:${plain.port}`), maxBytes });
    expect(await exchange(exact.socketPath, get(url))).toContain('"url":"/"');
    await using short = await openGate({
      ...allowing(`api.test:${plain.port}`),
      maxBytes: maxBytes - 1,
    });
    expect(await exchange(short.socketPath, get(url))).not.toContain('"url":"/"');
  });

  test('refuse connections beyond the most at once', async () => {
    await using gate = await openGate(allowing('api.test'), { tuning: { maxConnections: 2 } });
    const held = [connect(gate.socketPath), connect(gate.socketPath)];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    expect(await exchange(gate.socketPath, get('http://evil.test/'))).toBe('');
    for (const socket of held) socket.destroy();
  });
});

describe('a hostile client', () => {
  const host = 'Host: api.test';
  test.each([
    ['two hosts', `GET http://api.test/ HTTP/1.1\r\n${host}\r\nHost: evil.test\r\n\r\n`, 400],
    ['another host', `GET http://api.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n`, 400],
    ['no host', `GET http://api.test/ HTTP/1.1\r\n\r\n`, 400],
    [
      'two lengths',
      `POST http://api.test/ HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      400,
    ],
    [
      'a length and chunks',
      `POST http://api.test/ HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'a hidden encoding',
      `POST http://api.test/ HTTP/1.1\r\n${host}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a bare line feed', `GET http://api.test/ HTTP/1.1\n${host}\nX: y\n\n`, 400],
    ['a folded header', `GET http://api.test/ HTTP/1.1\r\n${host}\r\nX: a\r\n b\r\n\r\n`, 400],
    ['a space before the colon', `GET http://api.test/ HTTP/1.1\r\n${host}\r\nX : a\r\n\r\n`, 400],
    ['too long a head', get('http://api.test/', [`X: ${'a'.repeat(17_000)}`]), 431],
    ['noise', '\x16\x03\x01\x00\x05hello', 400],
  ])('is turned away with %s', async (_title, text, status) => {
    await using gate = await openGate(allowing('api.test'));
    expect(await exchange(gate.socketPath, text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(gate.resolved).toEqual([]);
    expect(gate.gate.usage().requests).toBe(0);
    expect(gate.gate.usage().refused).toBeGreaterThan(0);
  });

  test('may send 10,000 bytes of headers', async () => {
    await using gate = await openGate(allowing(`api.test:${plain.port}`));
    const long = get(`http://api.test:${plain.port}/`, [`X-Long: ${'a'.repeat(10_000)}`]);
    const answer = await exchange(gate.socketPath, long);
    expect(answer.includes('a'.repeat(10_000))).toBe(true);
  });

  test('cannot hold a connection by never ending its head or saying nothing in a tunnel', async () => {
    await using gate = await openGate(allowing(`api.test:${tls.port}`), {
      tuning: { headTimeoutMs: 100 },
    });
    expect(await exchange(gate.socketPath, 'GET http://api.test/ HTTP/1.1\r\nX: ')).toMatch(/408/);
    const { socket } = await tunnel(gate.socketPath, `api.test:${tls.port}`);
    await once(socket, 'close');
    expect(gate.requests).toMatchObject([{ reason: 'the client said nothing in time' }]);
  });

  test('that goes away half-way leaves nothing behind', async () => {
    await using silent = await listening(createServer((socket) => void socket.resume()));
    await using gate = await openGate(allowing(`api.test:${silent.port}`));
    const socket = connect(gate.socketPath);
    socket.write(get(`http://api.test:${silent.port}/`));
    const outside = await new Promise<Socket>((resolve) => {
      silent.server.once('connection', resolve);
    });
    socket.destroy();
    await once(outside, 'close');
    await until('the report', () => gate.requests.length === 1);
  });
});

describe('the gate', () => {
  test('replaces a link that is planted at its path, and follows it never', async () => {
    await using gate = await openGate(allowing());
    const victim = join(dirname(dirname(gate.socketPath)), 'victim');
    const planted = join(dirname(gate.socketPath), 'planted.sock');
    writeFileSync(victim, 'kept', { mode: 0o600 });
    symlinkSync(victim, planted);
    await using second = await openGate(allowing(), {}, { socketPath: planted });
    expect(readFileSync(victim, 'utf8')).toBe('kept');
    expect(lstatSync(victim).mode & 0o777).toBe(0o600);
    expect(lstatSync(planted).isSocket()).toBe(true);
    expect(lstatSync(planted).mode & 0o777).toBe(0o666);
    expect(second.socketPath).toBe(planted);
    expect(await exchange(second.socketPath, get('http://x.test/'))).toMatch(/403/);
  });

  test('leaves the socket of its successor alone when it closes', async () => {
    await using first = await openGate(allowing());
    await using second = await openGate(allowing(), {}, { socketPath: first.socketPath });
    await first.gate.close();
    expect(await exchange(first.socketPath, get('http://x.test/'))).toMatch(/403/);
    await second.gate.close();
    await expect(once(connect(first.socketPath), 'connect')).rejects.toThrow(/ENOENT/);
  });

  test('cuts live connections off that a new policy does not allow', async () => {
    await using gate = await openGate(allowing(`api.test:${tls.port}`, `other.test:${tls.port}`));
    const open = async (servername: string) => {
      const { socket } = await tunnel(gate.socketPath, `${servername}:${tls.port}`);
      return secure(socket, { cert, servername });
    };
    const [cut, kept] = [await open('api.test'), await open('other.test')];
    cut.on('error', () => cut.destroy());
    gate.gate.update(allowing(`other.test:${tls.port}`));
    await once(cut, 'close');
    expect(gate.requests).toMatchObject([
      { host: 'api.test', reason: 'the policy no longer allows this host' },
    ]);
    kept.write('GET /k HTTP/1.1\r\nHost: other.test\r\n\r\n');
    expect(String((await once(kept, 'data'))[0])).toContain('200');
    kept.destroy();
  });

  test('keeps its policy when the new one makes no sense', async () => {
    await using gate = await openGate(allowing(`api.test:${plain.port}`));
    expect(() => gate.gate.update(allowing('*'))).toThrow(/no network rule/);
    const answer = await exchange(gate.socketPath, get(`http://api.test:${plain.port}/`));
    expect(answer).toMatch(/^HTTP\/1.1 200/);
  });

  test('keeps working when its listener throws', async () => {
    const onRequest = () => {
      throw new Error('listener');
    };
    await using gate = await openGate(allowing(), {}, { onRequest });
    expect(await exchange(gate.socketPath, get('http://x.test/'))).toMatch(/^HTTP\/1.1 403/);
    expect(await exchange(gate.socketPath, get('http://x.test/'))).toMatch(/^HTTP\/1.1 403/);
  });
});
