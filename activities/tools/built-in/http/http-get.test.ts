import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../../../contracts/app-error.ts';
import { createHttpGetTool, type HttpGetConfig } from './http-get.ts';
import { resolvePublic } from './guarded-agent.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../../../contracts/sandbox.ts';
import type { ToolContext } from '../../tool.ts';
import type { Json } from '../../../../contracts/json.ts';

let server: Server;
let host = '';

const answers: Readonly<Record<string, RequestListener>> = {
  '/text': (_request, response) => {
    response.setHeader('content-type', 'text/plain; charset=iso-8859-1');
    response.end(Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65]));
  },
  '/page': (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<title>A &amp; B</title><p>Hello</p><a href="/next">more</a>');
  },
  '/missing': (_request, response) => {
    response.statusCode = 404;
    response.setHeader('content-type', 'application/json');
    response.end('{"error":"gone"}');
  },
  '/image': (_request, response) => {
    response.setHeader('content-type', 'image/png');
    response.end('x');
  },
  '/large': (_request, response) => {
    response.setHeader('content-type', 'text/plain');
    const timer = setInterval(() => response.write('x'.repeat(10_000)), 1);
    response.on('close', () => clearInterval(timer));
  },
  '/bomb': (_request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.setHeader('content-encoding', 'gzip');
    response.end(gzipSync(Buffer.alloc(1_000_000, 120)));
  },
  '/slow': (_request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.write('a');
  },
  '/loop': (_request, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/hop': (_request, response) => response.writeHead(301, { location: '/text' }).end(),
  '/inside': (_request, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:1/secret' }).end(),
  '/scheme': (_request, response) =>
    response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
};

beforeAll(async () => {
  server = createServer((request, response) => answers[request.url ?? '']?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function contextOf(signal: AbortSignal): ToolContext {
  return {
    signal,
    idempotencyKey: '',
    workspaceId: 'ws',
    runId: 'run',
    stepId: 'get',
    actor: 'test@1',
    owner: { userId: null, agentId: 'agt_1', threadId: null },
    memoryScopes: [],
    knowledgeBases: null,
    sandbox: DEFAULT_SANDBOX_POLICY,
    onOutput: () => undefined,
  };
}

function get(url: string, config: Partial<HttpGetConfig> = {}): Promise<Json> {
  const tool = createHttpGetTool({ allowHosts: [host], maxResponseBytes: 100_000, ...config });
  const signal = new AbortController().signal;
  return tool.execute({ url }, contextOf(signal));
}

describe('http_get', () => {
  test('reads text in the charset that the answer names', async () => {
    expect(await get(`http://${host}/text`)).toEqual({
      url: `http://${host}/text`,
      status: 200,
      contentType: 'text/plain; charset=iso-8859-1',
      text: 'Grüße',
    });
  });

  test('reduces HTML to text, title and links', async () => {
    expect(await get(`http://${host}/page`)).toMatchObject({
      title: 'A & B',
      text: 'Hello\nmore',
      links: [{ text: 'more', url: `http://${host}/next` }],
    });
  });

  test('tells of an error status instead of failing', async () => {
    expect(await get(`http://${host}/missing`)).toMatchObject({
      status: 404,
      text: '{"error":"gone"}',
    });
  });

  test('follows a redirect and says where it ended', async () => {
    expect(await get(`http://${host}/hop`)).toMatchObject({ url: `http://${host}/text` });
  });

  test.each([
    ['/inside', 'not allowed', 'tool.refused'],
    ['/scheme', 'only http', 'tool.refused'],
    ['/loop', 'more than 3 redirects', 'tool.refused'],
    ['/image', 'not text', 'tool.refused'],
    ['/large', 'larger than 100000', 'tool.refused'],
    ['/bomb', 'larger than 100000', 'tool.refused'],
  ])('refuses %s', async (path, reason, code) => {
    await expect(get(`http://${host}${path}`)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(reason),
    });
  });

  test('gives up on an answer that never ends', async () => {
    await expect(get(`http://${host}/slow`, { timeoutMs: 150 })).rejects.toMatchObject({
      code: 'tool.failed',
      message: expect.stringContaining('150 ms'),
    });
  });

  test('stops with the reason of the abort', async () => {
    const stop = new AbortController();
    const tool = createHttpGetTool({ allowHosts: [host] });
    const running = tool.execute({ url: `http://${host}/slow` }, contextOf(stop.signal));
    stop.abort(new AppError('run.cancelled', 'enough'));
    await expect(running).rejects.toMatchObject({ code: 'run.cancelled' });
  });

  test('refuses a name that resolves to a private address, before it connects', async () => {
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    await expect(get('http://rebind.example/', { resolve })).rejects.toMatchObject({
      code: 'tool.refused',
      message: expect.stringContaining('not public'),
    });
  });

  test('reports a refused connection without details', async () => {
    const refused = createServer();
    await new Promise<void>((resolve) => refused.listen(0, '127.0.0.1', resolve));
    const free = `127.0.0.1:${(refused.address() as AddressInfo).port}`;
    await new Promise((resolve) => refused.close(resolve));
    await expect(get(`http://${free}/`, { allowHosts: [free] })).rejects.toMatchObject({
      code: 'tool.failed',
      message: 'the request failed (ECONNREFUSED)',
    });
  });
});

describe('resolvePublic', () => {
  test('refuses a name of which one answer is private', async () => {
    const resolve = async () => [
      { address: '93.184.215.14', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    await expect(resolvePublic('mixed.example', resolve)).rejects.toThrow('not public');
  });

  test('answers with the addresses that it has checked', async () => {
    const good = [{ address: '93.184.215.14', family: 4 }];
    expect(await resolvePublic('good.example', async () => good)).toEqual(good);
  });

  test('fails for a name without an address', async () => {
    await expect(resolvePublic('none.example', async () => [])).rejects.toThrow('no address');
  });
});
