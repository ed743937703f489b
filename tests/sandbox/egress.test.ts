import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { until } from '../harness/until.ts';
import { allowing, exchange, get, listening, shareEchoServers } from './egress-fixture.ts';
import { resolveBySystem } from '../../adapters/sandbox/egress/upstream.ts';
import { bodyOf, openGate, secure, tunnel } from './egress-fixture.ts';

const { cert, plain, tls } = shareEchoServers();

describe('plain requests', () => {
  test('go on to an allowed host and are reported with their bytes', async () => {
    await using gate = await openGate(allowing(`api.test:${plain.port}`));
    const answer = await exchange(gate.socketPath, get(`http://api.test:${plain.port}/a?b=1`));
    expect(answer).toMatch(/^HTTP\/1.1 200/);
    expect(bodyOf(answer)).toMatchObject({ method: 'GET', url: '/a?b=1' });
    await until('the report', () => gate.requests.length === 1);
    expect(gate.requests[0]).toMatchObject({
      ...{ host: 'api.test', port: plain.port, allowed: true, reason: '' },
      bytesOut: expect.any(Number),
    });
    expect(gate.requests[0]?.bytesIn).toBeGreaterThan(50);
    expect(gate.gate.usage()).toMatchObject({ requests: 1, refused: 0 });
  });

  test('share a connection, and stream bodies of any length in both forms', async () => {
    await using gate = await openGate(allowing(`api.test:${plain.port}`));
    const url = `http://api.test:${plain.port}/`;
    const host = `Host: api.test:${plain.port}`;
    const answer = await exchange(
      gate.socketPath,
      `POST ${url} HTTP/1.1\r\n${host}\r\nContent-Length: 5\r\n\r\nhello` +
        `POST ${url} HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n` +
        get(url),
    );
    expect(answer.match(/HTTP\/1.1 200/g)).toHaveLength(3);
    expect(answer).toContain('"body":"hello"');
    expect(answer).toContain('"body":"abc"');
  });

  test('lose what is for the proxy alone, both ways', async () => {
    await using gate = await openGate(allowing(`api.test:${plain.port}`));
    const hop = ['Proxy-Authorization: Basic x', 'proxy-connection: keep-alive', 'TE: gzip'];
    const named = ['Connection: x-hop', 'X-Hop: 1', 'X-Kept: 2'];
    const url = `http://api.test:${plain.port}/`;
    const answer = await exchange(gate.socketPath, get(url, [...hop, ...named]));
    const raw = bodyOf(answer).raw.join(' ').toLowerCase();
    expect(raw).toContain('x-kept 2');
    expect(raw).not.toMatch(/proxy-|x-hop|te gzip/);
    expect(answer).not.toContain('Proxy-Secret');
  });

  test.each([
    ['an unlisted host', 'http://evil.test/', /^HTTP\/1.1 403 [^]*does not allow/],
    ['an unlisted port', 'http://api.test:1/', /^HTTP\/1.1 403 /],
    ['user information', 'http://api.test@evil.test/', /^HTTP\/1.1 400 /],
    ['TLS without a tunnel', 'https://api.test/', /^HTTP\/1.1 400 [^]*CONNECT/],
    ['the own form of a server', '/etc/passwd', /^HTTP\/1.1 400 /],
    ['a number as an address', 'http://2130706433/', /^HTTP\/1.1 400 /],
    ['a backslash', 'http://api.test\\@evil.test/', /^HTTP\/1.1 400 /],
  ])('are refused with a reason: %s', async (_title, url, expected) => {
    await using gate = await openGate(allowing('api.test'));
    expect(await exchange(gate.socketPath, get(url))).toMatch(expected);
    expect(gate.requests).toEqual([expect.objectContaining({ allowed: false })]);
    expect(gate.resolved).toEqual([]);
  });

  test('reach an allowed host however its name is spelled', async () => {
    await using gate = await openGate(allowing(`API.test.:${plain.port}`));
    const answer = await exchange(gate.socketPath, get(`http://Api.TEST.:${plain.port}/`));
    expect(answer).toMatch(/^HTTP\/1.1 200/);
    expect(bodyOf(answer).raw).toContain(`api.test:${plain.port}`);
  });

  test('never ask the resolver for names that are not allowed', async () => {
    await using gate = await openGate(allowing('api.test'));
    const names = ['c2VjcmV0.evil.test', 'x.api.test', `${'a'.repeat(63)}.api.test.evil.test`];
    for (const name of names) await exchange(gate.socketPath, get(`http://${name}/`));
    expect(gate.resolved).toEqual([]);
    expect(gate.gate.usage()).toMatchObject({ requests: 0, refused: 3 });
  });
});

describe('tunnels', () => {
  test('carry TLS to the host that they name', async () => {
    await using gate = await openGate(allowing(`api.test:${tls.port}`));
    const { head, socket } = await tunnel(gate.socketPath, `API.test:${tls.port}`);
    expect(head).toMatch(/^HTTP\/1.1 200/);
    const secured = await secure(socket, { cert, servername: 'api.test' });
    secured.end('GET /in HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n');
    const parts: string[] = [];
    secured.on('data', (chunk: Buffer) => parts.push(chunk.toString()));
    await once(secured, 'close');
    expect(parts.join('')).toContain('"url":"/in"');
    await until('the report', () => gate.requests.length === 1);
    expect(gate.requests[0]).toMatchObject({ host: 'api.test', allowed: true, reason: '' });
    expect(gate.requests[0]?.bytesIn).toBeGreaterThan(500);
  });

  test.each([
    ['another server name', 'other.test', /another host/],
    ['no server name', '', /without a server name/],
  ])('refuse TLS with %s', async (_title, servername, reason) => {
    await using gate = await openGate(allowing(`api.test:${tls.port}`, `other.test:${tls.port}`));
    const { socket } = await tunnel(gate.socketPath, `api.test:${tls.port}`);
    await expect(secure(socket, { cert, servername })).rejects.toThrow(/alert|access denied/i);
    expect(gate.requests).toMatchObject([
      { allowed: false, reason: expect.stringMatching(reason) },
    ]);
  });

  test('refuse what is neither TLS nor HTTP, and say it to nobody outside', async () => {
    const seen: Buffer[] = [];
    await using raw = await listening(
      createServer((socket) => void socket.on('data', (chunk) => seen.push(chunk))),
    );
    await using gate = await openGate(allowing(`api.test:${raw.port}`));
    const { socket } = await tunnel(gate.socketPath, `api.test:${raw.port}`);
    socket.write('\x05\x01\x00');
    await once(socket, 'close');
    expect(seen).toEqual([]);
    expect(gate.requests).toMatchObject([{ allowed: false, reason: 'not TLS in the tunnel' }]);
  });

  test('judge each plain request that is made inside', async () => {
    await using gate = await openGate(allowing(`api.test:${plain.port}`));
    const inside = async (request: string) => {
      const { socket } = await tunnel(gate.socketPath, `api.test:${plain.port}`);
      const parts: string[] = [];
      socket.on('data', (chunk) => parts.push(chunk.toString()));
      socket.write(request);
      await once(socket, 'close');
      return parts.join('');
    };
    const ask = (host: string) => `GET /t HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    expect(await inside(ask(`api.test:${plain.port}`))).toContain('"url":"/t"');
    expect(await inside(ask('evil.test'))).toMatch(/^HTTP\/1.1 400/);
    expect(await inside(`CONNECT evil.test:443 HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('');
    expect(gate.gate.usage()).toMatchObject({ requests: 1, refused: 1 });
  });

  test.each(['127.0.0.1:443', '[::1]:443', '169.254.169.254:80', 'api.test:22', 'evil.test:443'])(
    'are refused to %s',
    async (authority) => {
      await using gate = await openGate(allowing('api.test'));
      const { head } = await tunnel(gate.socketPath, authority);
      expect(head).toMatch(/^HTTP\/1.1 403/);
    },
  );
});

describe('addresses', () => {
  test.each([
    ...['10.0.0.1', '127.0.0.1', '169.254.169.254', '100.64.0.1', '224.0.0.1', '0.0.0.0'],
    ...['::1', 'fe80::1', 'fd00::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '192.168.1.1'],
  ])('of a name are refused if one of them is %s', async (address) => {
    const dialled: string[] = [];
    await using gate = await openGate(allowing('public.test'), {
      resolve: async () => ['93.184.215.14', address],
      dial: ({ address: to, port }) => {
        dialled.push(to);
        return connect(port, to);
      },
    });
    const answer = await exchange(gate.socketPath, get('http://public.test/'));
    expect(answer).toMatch(/^HTTP\/1.1 403 [^]*not public/);
    expect(dialled).toEqual([]);
  });

  test('are asked for once, so that a name cannot change them before it is dialled', async () => {
    const answers = [['93.184.215.14'], ['127.0.0.1']];
    const dialled: string[] = [];
    await using gate = await openGate(allowing('rebind.test'), {
      resolve: async () => answers.shift() ?? [],
      dial: ({ address }) => {
        dialled.push(address);
        return connect(plain.port, '127.0.0.1');
      },
    });
    const answer = await exchange(gate.socketPath, get('http://rebind.test/'));
    expect(answer).toMatch(/^HTTP\/1.1 200/);
    expect(dialled).toEqual(['93.184.215.14']);
    expect(await exchange(gate.socketPath, get('http://rebind.test/'))).toMatch(/^HTTP\/1.1 403/);
    expect(dialled).toHaveLength(1);
  });

  test.each([
    ['at the port that an operator has opened', 0, /^HTTP\/1.1 200/],
    ['at no other port', 1, /^HTTP\/1.1 403 [^]*not public/],
  ])(
    'of this machine are reached %s, by a name below localhost',
    async (_title, away, expected) => {
      const authority = `pages.localhost:${plain.port}`;
      await using gate = await openGate(allowing(authority), {
        resolve: resolveBySystem,
        privateHosts: [`pages.localhost:${plain.port + away}`],
      });
      expect(await exchange(gate.socketPath, get(`http://${authority}/`))).toMatch(expected);
    },
  );

  test('of clouds stay shut for hosts that an operator has opened', async () => {
    await using gate = await openGate(allowing('api.test'), {
      resolve: async () => ['169.254.169.254'],
    });
    expect(await exchange(gate.socketPath, get('http://api.test/'))).toMatch(/^HTTP\/1.1 403/);
  });

  test('that cannot be found or reached answer 502', async () => {
    await using gate = await openGate(allowing('api.test:1'), {});
    expect(await exchange(gate.socketPath, get('http://api.test:1/'))).toMatch(/^HTTP\/1.1 502/);
    await using lost = await openGate(allowing('api.test'), {
      resolve: () => Promise.reject(new Error('ENOTFOUND')),
    });
    expect(await exchange(lost.socketPath, get('http://api.test/'))).toMatch(/^HTTP\/1.1 502/);
    expect(lost.requests).toMatchObject([{ allowed: true, reason: 'api.test cannot be resolved' }]);
  });
});

describe('secrets', () => {
  const secret = { header: 'Authorization', value: 'Bearer real' };

  test('replace what the sandbox sends, and travel by TLS', async () => {
    await using gate = await openGate(
      allowing(`api.test:${tls.port}`),
      { ca: [cert.cert] },
      { secrets: [{ rule: `api.test:${tls.port}`, ...secret }] },
    );
    const url = `http://api.test:${tls.port}/v1`;
    const answer = await exchange(gate.socketPath, get(url, ['authorization: Bearer fake']));
    expect(bodyOf(answer).raw.join(' ')).toContain('Authorization Bearer real');
    expect(bodyOf(answer).raw.join(' ')).not.toContain('fake');
  });

  test('stay here when the certificate is not of the host', async () => {
    await using gate = await openGate(
      allowing(`localhost.test:${tls.port}`),
      { ca: [cert.cert] },
      { secrets: [{ rule: `localhost.test:${tls.port}`, ...secret }] },
    );
    const answer = await exchange(gate.socketPath, get(`http://localhost.test:${tls.port}/`));
    expect(answer).toMatch(/^HTTP\/1.1 502/);
  });

  test('go to no other host', async () => {
    await using gate = await openGate(
      allowing(`api.test:${plain.port}`),
      {},
      { secrets: [{ rule: 'other.test', upstream: 'http', ...secret }] },
    );
    const answer = await exchange(gate.socketPath, get(`http://api.test:${plain.port}/`));
    expect(answer).not.toContain('real');
  });
});

test('a client that speaks to proxies gets through with its own agent', async () => {
  await using gate = await openGate(allowing(`api.test:${plain.port}`));
  const path = `http://api.test:${plain.port}/client`;
  const sent = httpRequest({ socketPath: gate.socketPath, path, method: 'PUT', setHost: false });
  sent.setHeader('Host', `api.test:${plain.port}`);
  sent.end('x'.repeat(300_000));
  const response = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
  let size = 0;
  response.on('data', (chunk: Buffer) => (size += chunk.length));
  await once(response, 'end');
  expect(size).toBeGreaterThan(300_000);
});
