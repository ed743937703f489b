import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../contracts/limits.ts';
import { startTestApi, type CallOptions, type TestApi } from './api-harness.ts';
import type { Answer } from './answer.ts';

let api: TestApi;
let agent: string;

beforeAll(async () => {
  api = await startTestApi();
  agent = await api.agent();
});
afterAll(() => api.stop());

function post(options: CallOptions): Promise<Answer> {
  return api.call('POST', '/v1/runs', options);
}

describe('bodies', () => {
  test.each(['text/plain', 'application/json; charset=latin1', 'application/jsonx', ''])(
    'of content type "%s" are refused',
    async (type) => {
      const answer = await post({ raw: '{}', headers: { 'content-type': type } });
      expect([answer.status, answer.body.code]).toEqual([415, 'request.unsupported_media_type']);
    },
  );

  test('with a content encoding are refused', async () => {
    const answer = await post({ raw: '{}', headers: { 'content-encoding': 'gzip' } });
    expect([answer.status, answer.body.code]).toEqual([415, 'request.unsupported_media_type']);
  });

  test('of another media type name in other letters, or with UTF-8, are taken', async () => {
    for (const type of ['Application/JSON', 'application/json; charset=UTF-8']) {
      const answer = await post({ body: { agent }, headers: { 'content-type': type } });
      expect(answer.status).toBe(201);
    }
  });

  test.each([
    ['nothing at all', ''],
    ['half a document', '{"agent":'],
    ['two documents', '{}{}'],
    ['JavaScript', '{agent: 1}'],
  ])('that are %s are refused with the position', async (_name, raw) => {
    const answer = await post({ raw, headers: { 'content-type': 'application/json' } });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid_json']);
    expect(answer.body.detail).toMatch(/position \d+$/);
  });

  test('that are not UTF-8 are refused', async () => {
    const raw = Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d);
    expect((await post({ raw })).body.code).toBe('request.invalid_json');
  });

  test('with 40,000 levels are refused', async () => {
    const raw = `{"agent":"a","input":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
    const answer = await post({ raw });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.too_deep']);
  });

  test.each([
    ['{"agent":"a","input":{"__proto__":1}}', '422 value.reserved_key', '/input/__proto__'],
    ['{"agent":"a","input":{"$blob":"0"}}', '422 value.reserved_key', '/input/$blob'],
    ['{"agent":"a","input":"\\ud800"}', '422 value.not_json', '/input'],
    ['{"agent":"a","input":["\\u0000"]}', '422 value.not_json', '/input/0'],
    ['{"agent":"a","input":1e999}', '422 value.not_json', '/input'],
    ['{"agent":"a","colour":"red"}', '400 request.invalid', '/colour'],
    ['{"agent":7}', '400 request.invalid', '/agent'],
    ['{"input":{}}', '400 request.invalid', '/agent'],
    ['[]', '400 request.invalid', ''],
    ['null', '400 request.invalid', ''],
    ['{"agent":"a","version":"1","label":"x"}', '400 request.invalid', '/label'],
    ['{"agent":"a","threadId":"t","newThread":true}', '400 request.invalid', '/newThread'],
  ])('like %s are refused with a pointer', async (raw, refusal, pointer) => {
    const answer = await post({ raw });
    expect(`${answer.status} ${answer.body.code}`).toBe(refusal);
    expect(answer.body.problems[0]?.pointer).toBe(pointer);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  test('that announce too many bytes are refused before they come', async () => {
    const raw = 'x'.repeat(LIMITS.smallBodyBytes + 1);
    const answer = await api.call('POST', '/v1/agents', { raw });
    expect([answer.status, answer.body.code]).toEqual([413, 'request.too_large']);
  });

  test('that grow too large without a length are refused, and the service goes on', async () => {
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest(`${api.url}/v1/agents`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${api.own.keys.admin}`,
          'content-type': 'application/json',
          'transfer-encoding': 'chunked',
        },
      });
      request.on('response', (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject);
      const chunk = Buffer.alloc(1_024 * 1_024, 0x20);
      for (let index = 0; index < 6; index += 1) request.write(chunk);
      request.end();
    });
    expect(status).toBe(413);
    expect((await api.call('GET', '/v1/me')).status).toBe(200);
  });

  test('that break off leave nothing behind', async () => {
    await new Promise<void>((resolve) => {
      const request = httpRequest(`${api.url}/v1/runs`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${api.own.keys.admin}`,
          'content-type': 'application/json',
          'content-length': '1000',
        },
      });
      request.on('error', () => resolve());
      request.write('{"agent":', () => request.destroy());
    });
    expect((await api.call('GET', '/v1/me')).status).toBe(200);
  });

  test('as large as an input may be are taken', async () => {
    const topic = 'x'.repeat(5 * 1_024 * 1_024);
    const answer = await post({ body: { agent, input: { topic } } });
    expect(answer.status).toBe(201);
    const { $blob } = answer.body.input;
    const value = await api.call('GET', `/v1/values/${$blob}`);
    expect(value.body).toEqual({ topic });
  });
});

describe('queries, paths and headers', () => {
  test.each([
    ['/v1/runs?limit=0', '/query/limit'],
    ['/v1/runs?limit=201', '/query/limit'],
    ['/v1/runs?limit=ten', '/query/limit'],
    ['/v1/runs?limit=-1', '/query/limit'],
    ['/v1/runs?limit=1&limit=2', '/query/limit'],
    ['/v1/runs?colour=red', '/query/colour'],
    ['/v1/runs?status=done', '/query/status'],
    ['/v1/runs?createdAfter=yesterday', '/query/createdAfter'],
    ['/v1/runs?agent=%00', '/query/agent'],
  ])('%s is refused', async (path, pointer) => {
    const answer = await api.call('GET', path);
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    expect(answer.body.problems[0]?.pointer).toBe(pointer);
  });

  test.each(['/v1/runs', '/v1/agents', '/v1/threads', '/v1/human-tasks'])(
    'a cursor that was not ours is refused at %s',
    async (path) => {
      for (const cursor of ['x', '%7B%7D', 'AAAA', '\u{1f600}']) {
        const answer = await api.call('GET', `${path}?cursor=${encodeURI(cursor)}`);
        expect([answer.status, answer.body.code]).toEqual([400, 'list.bad_cursor']);
      }
    },
  );

  test.each(['/', '/v1', '/v1/nothing', '/v1/runs/', '/V1/runs', '/v2/runs', '/docs/../x'])(
    '%s is no route',
    async (path) => {
      const answer = await api.call('GET', path);
      expect([answer.status, answer.body.code]).toEqual([404, 'route.not_found']);
    },
  );

  test('a method that the path does not take is answered with those it takes', async () => {
    const answer = await api.call('DELETE', '/v1/runs');
    expect([answer.status, answer.body.code]).toEqual([405, 'route.method_not_allowed']);
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD');
  });

  test('a broken percent escape is refused', async () => {
    const answer = await api.call('GET', '/v1/runs/%ff');
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
  });

  test.each(['%00', 'run_%00', '..%2f..', '%f0%9f%98%80', 'a'.repeat(3_000)])(
    'the id %s is unknown',
    async (id) => {
      const answer = await api.call('GET', `/v1/runs/${id}`);
      expect([answer.status, answer.body.code]).toEqual([404, 'run.not_found']);
    },
  );

  test.each([
    ['/v1/agents/%00', 'agent.not_found'],
    ['/v1/agents/a%00b', 'agent.not_found'],
    ['/v1/threads/%00', 'thread.not_found'],
    ['/v1/human-tasks/%00', 'human_task.not_found'],
    ['/v1/values/%00', 'blob.not_found'],
  ])('%s is unknown', async (path, code) => {
    const answer = await api.call('GET', path);
    expect([answer.status, answer.body.code]).toEqual([404, code]);
  });

  test('labels and versions with U+0000 are unknown', async () => {
    for (const path of ['labels/%00', 'versions/%00']) {
      expect((await api.call('GET', `/v1/agents/${agent}/${path}`)).status).toBe(404);
    }
    const history = await api.call('GET', `/v1/agents/${agent}/labels/%00/history`);
    expect([history.status, history.body.items]).toEqual([200, []]);
  });

  test.each(['', 'x'.repeat(129), 'two words', 'tab\there'])(
    'the idempotency key "%s" is refused',
    async (key) => {
      const answer = await post({ body: { agent }, headers: { 'idempotency-key': key } });
      expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    },
  );

  test('HEAD answers like GET, without a body', async () => {
    const answer = await api.call('HEAD', '/v1/me');
    expect([answer.status, answer.text]).toEqual([200, '']);
  });
});
