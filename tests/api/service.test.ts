import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApi } from '../../api/create-api.ts';
import { newId } from '../../contracts/ids.ts';
import { openStream } from './sse-client.ts';
import { startApi } from '../../api/start-api.ts';
import { readAnswer } from './answer.ts';
import { startTestApi, type TestApi } from './api-harness.ts';
import { until } from '../harness/until.ts';

let api: TestApi;
let ready = true;
const ORIGIN = 'https://console.example';

beforeAll(async () => {
  api = await startTestApi({
    corsOrigins: [ORIGIN],
    checkReady: async () => ({ database: ready }),
    timing: { keyCacheMs: 0 },
  });
});
afterAll(() => api.stop());

describe('supervision', () => {
  test('tells life and readiness without a key', async () => {
    expect((await api.call('GET', '/health/live', { key: null })).body).toEqual({ live: true });
    const answer = await api.call('GET', '/health/ready', { key: null });
    expect(answer.body).toEqual({ ready: true, checks: { database: true, open: true } });
    ready = false;
    const away = await api.call('GET', '/health/ready', { key: null });
    expect([away.status, away.body.checks.database]).toEqual([503, false]);
    ready = true;
  });
});

describe('the description', () => {
  test('is served with itself in it', async () => {
    const { body } = await api.call('GET', '/openapi.json', { key: null });
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths)).toContain('/openapi.json');
    expect(Object.keys(body.paths).length).toBeGreaterThan(30);
  });

  test('is shown by a page that loads everything from here', async () => {
    const page = await api.call('GET', '/docs', { key: null });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/https?:\/\//);
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(links).toHaveLength(4);
    for (const link of links) {
      expect((await api.call('GET', link, { key: null })).status).toBe(200);
    }
  });

  test.each(['..%2fpackage.json', 'swagger-ui.js', '__proto__', 'constructor'])(
    'serves no other file: %s',
    async (name) => {
      expect((await api.call('GET', `/docs/${name}`, { key: null })).status).toBe(404);
    },
  );
});

describe('headers', () => {
  test('protect every answer and name the request', async () => {
    for (const path of ['/v1/me', '/v1/nothing', '/health/live']) {
      const { headers } = await api.call('GET', path, { headers: { 'x-request-id': 'abc-1' } });
      expect(headers.get('x-request-id')).toBe('abc-1');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('x-powered-by')).toBeNull();
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  test('replace a request id that is not safe to keep', async () => {
    const given = 'a'.repeat(200);
    const answer = await api.call('GET', '/v1/nothing', { headers: { 'x-request-id': given } });
    expect(answer.headers.get('x-request-id')).not.toBe(given);
    expect(answer.body.instance).toBe(answer.headers.get('x-request-id'));
  });

  test('let pages of listed origins in, and no others', async () => {
    const listed = await api.call('GET', '/v1/me', { headers: { origin: ORIGIN } });
    expect(listed.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`]) {
      const other = await api.call('GET', '/v1/me', { headers: { origin } });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
    }
    const preflight = await api.call('OPTIONS', '/v1/runs', {
      key: null,
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    const stranger = await api.call('OPTIONS', '/v1/runs', {
      key: null,
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(stranger.status).toBe(405);
  });
});

describe('API keys', () => {
  test('are made, shown once, used, revoked', async () => {
    const body = { name: 'ci', role: 'runner' };
    const made = await api.call('POST', '/v1/api-keys', { body });
    expect(made.status).toBe(201);
    const { key, ...record } = made.body;
    expect((await api.call('GET', '/v1/me', { key })).body.role).toBe('runner');
    const listed = await api.call('GET', '/v1/api-keys');
    expect(listed.body.items).toContainEqual(record);
    expect(listed.text).not.toContain(key);
    for (let turn = 0; turn < 2; turn += 1) {
      const revoked = await api.call('DELETE', `/v1/api-keys/${record.id}`);
      expect([revoked.status, revoked.text]).toEqual([204, '']);
    }
    expect((await api.call('GET', '/v1/me', { key })).body.code).toBe('auth.invalid');
    const unknown = await api.call('DELETE', `/v1/api-keys/${newId('apiKey')}`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'api_key.not_found']);
  });
});

describe('the catalogue', () => {
  test('lists node types and tools', async () => {
    const types = await api.call('GET', '/v1/node-types', { key: api.own.keys.viewer });
    expect(types.body.items.map(({ type }) => type)).toContain('agent');
    const tools = await api.call('GET', '/v1/tools', { key: api.own.keys.viewer });
    expect(tools.body.items.length).toBeGreaterThan(0);
  });
});

describe('failures that nobody foresaw', () => {
  test('tell no details', async () => {
    const agents = { ...api.deps.agents, list: () => Promise.reject(new Error('secret detail')) };
    const app = createApi({ ...api.deps, agents });
    const server = await startApi({ app, port: 0, host: '127.0.0.1' });
    const response = await fetch(`${server.url}/v1/agents`, {
      headers: { 'x-api-key': api.own.keys.viewer },
    });
    const answer = await readAnswer(response);
    expect([answer.status, answer.body.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toContain('secret');
    await server.close();
  });
});

describe('closing', () => {
  test('ends streams and waits, finishes requests in flight, and takes no more', async () => {
    const agent = await api.agent();
    let release = (): void => undefined;
    let arrived = false;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const agents = {
      ...api.deps.agents,
      list: async (...args: Parameters<typeof api.deps.agents.list>) => {
        arrived = true;
        await held;
        return api.deps.agents.list(...args);
      },
    };
    const server = await startApi({
      app: createApi({ ...api.deps, agents }),
      port: 0,
      host: '127.0.0.1',
    });
    const headers = { 'x-api-key': api.own.keys.viewer };
    const run = await api.call('POST', '/v1/runs', { body: { agent } });
    const stream = await openStream(`${server.url}/v1/runs/${run.body.id}/events`, headers);
    const waiting = await fetch(`${server.url}/v1/runs/${run.body.id}/wait`, { headers });
    const list = fetch(`${server.url}/v1/agents`, { headers });
    await stream.until((frames) => frames.length > 0);
    await until('the list to be asked for', () => arrived);
    const closed = server.close();
    const frames = await stream.toEnd();
    expect(frames.some(({ event }) => event === 'end')).toBe(false);
    expect(await waiting.json()).toMatchObject({ id: run.body.id, status: 'queued' });
    release();
    expect((await list).status).toBe(200);
    await closed;
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
  });

  test('does not wait for connections that say nothing', async () => {
    const app = createApi(api.deps);
    const server = await startApi({ app, port: 0, host: '127.0.0.1' });
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const gone = new Promise((resolve) => socket.once('close', resolve));
    await server.close();
    await gone;
  });
});
