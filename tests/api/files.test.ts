import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;
let client: Client;

beforeAll(async () => {
  api = await startTestApi();
  client = createClient({ baseUrl: api.url, apiKey: api.own.keys.runner, maxRetries: 0 });
});
afterAll(() => api.stop());

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

describe('a file of a run', () => {
  test('is written, listed, read, compared and brought back by the SDK', async () => {
    const runId = await api.run();
    const path = 'out dir/ä+&.txt';
    const first = await client.files.write(runId, { path, bytes: bytes('one\n') });
    expect(first).toMatchObject({ path, version: 1, revision: 1, kind: 'file', sizeBytes: 4 });
    const guarded = { path, bytes: bytes('two\n'), expectedVersion: 1 };
    expect((await client.files.write(runId, guarded)).version).toBe(2);
    await expect(client.files.write(runId, guarded)).rejects.toMatchObject({
      code: 'file.conflict',
      status: 409,
    });
    expect(Buffer.from(await client.files.read(runId, path)).toString()).toBe('two\n');
    const old = await client.files.read(runId, path, { version: 1 });
    expect(Buffer.from(old).toString()).toBe('one\n');
    const diff = await client.files.diff(runId, path, { from: 1, to: 2 });
    expect(diff).toMatchObject({ kind: 'text', diff: expect.stringContaining('-one\n+two') });
    const back = await client.files.rollback(runId, { path, version: 1 });
    expect(back.versions).toMatchObject([{ version: 3, sha256: first.sha256 }]);
    const history = await client.files.history(runId, path).page();
    expect(history.items.map(({ version }) => version)).toEqual([3, 2, 1]);
    await client.files.rollback(runId, { revision: 0 });
    expect((await client.files.list(runId).page()).items).toEqual([]);
    const then = await client.files.list(runId, { revision: 2, prefix: 'out' }).page();
    expect(then.items).toMatchObject([{ path, version: 2 }]);
    await expect(client.files.read(runId, path)).rejects.toMatchObject({ code: 'file.not_found' });
  });

  test('bears the key that wrote it', async () => {
    const runId = await api.run();
    const { actor } = await client.files.write(runId, { path: 'a', bytes: bytes('') });
    expect(actor).toBe((await client.apiKeys.me()).apiKeyId);
  });

  test('is sent as a download that no browser runs', async () => {
    const runId = await api.run();
    const path = 'evil "é.html';
    await client.files.write(runId, { path, bytes: bytes('<script>alert(1)</script>') });
    const query = encodeURIComponent(path);
    const answer = await api.call('GET', `/v1/runs/${runId}/files/content?path=${query}`);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="evil __.html"; filename*=UTF-8''evil%20%22%C3%A9.html`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/^sandbox;/),
      'x-file-version': '1',
    });
  });

  test('is written once for one idempotency key', async () => {
    const runId = await api.run();
    const path = `/v1/runs/${runId}/files/content?path=a`;
    const put = (raw: string, to = path) =>
      api.call('PUT', to, { raw, headers: { 'idempotency-key': 'k' } });
    const first = await put('x');
    expect([first.status, (await put('x')).text]).toEqual([201, first.text]);
    for (const other of [await put('y'), await put('x', path.replace('=a', '=b'))]) {
      expect([other.status, other.body.code]).toEqual([422, 'idempotency.key_reused']);
    }
    const bad = await api.call('PUT', path, { raw: 'x', headers: { 'idempotency-key': 'ä' } });
    expect(bad.status).toBe(400);
  });

  test.each(['/etc/passwd', '../a', 'a/../../b', '', 'a//b', 'x'.repeat(513)])(
    'cannot be called %j',
    async (path) => {
      const runId = await api.run();
      const query = new URLSearchParams({ path }).toString();
      const base = `/v1/runs/${runId}/files`;
      const asked = [
        api.call('PUT', `${base}/content?${query}`, { raw: 'x' }),
        api.call('GET', `${base}/content?${query}`),
        api.call('GET', `${base}/history?${query}`),
        api.call('GET', `${base}/diff?${query}&from=1&to=1`),
        api.call('POST', `${base}:rollback`, { body: { path, version: 1 } }),
      ];
      for (const answer of await Promise.all(asked)) {
        expect([answer.status, answer.body.code]).toEqual([422, 'file.bad_path']);
      }
    },
  );

  test.each(['path=a%00b', '', 'path=a&path=b', 'path=a&version=0', 'path=a&x=1'])(
    'is not read by the query %j',
    async (query) => {
      const runId = await api.run();
      const answer = await api.call('GET', `/v1/runs/${runId}/files/content?${query}`);
      expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    },
  );

  test('has at most so many bytes, and none that are encoded', async () => {
    const runId = await api.run();
    const path = 'big';
    const most = new Uint8Array(LIMITS.fileBytes);
    expect(await client.files.write(runId, { path, bytes: most })).toMatchObject({
      sizeBytes: LIMITS.fileBytes,
    });
    expect(await client.files.read(runId, path)).toHaveLength(LIMITS.fileBytes);
    const more = client.files.write(runId, { path, bytes: new Uint8Array(LIMITS.fileBytes + 1) });
    await expect(more).rejects.toMatchObject({ code: 'request.too_large', status: 413 });
    const headers = { 'content-encoding': 'gzip' };
    const url = `/v1/runs/${runId}/files/content?path=a`;
    const encoded = await api.call('PUT', url, { raw: 'x', headers });
    expect(encoded.body.code).toBe('request.unsupported_media_type');
  });

  test('that is no file, and one of an unknown run, are not found', async () => {
    const runId = await api.run();
    const code = async (path: string) => (await api.call('GET', path)).body.code;
    expect(await code(`/v1/runs/${runId}/files/content?path=none`)).toBe('file.not_found');
    expect(await code(`/v1/runs/${newId('run')}/files`)).toBe('run.not_found');
    const version = await api.call('POST', `/v1/runs/${runId}/files:rollback`, {
      body: { revision: 7 },
    });
    expect(version.body.code).toBe('file.version_not_found');
    const both = { path: 'a', version: 1, revision: 1 };
    const answer = await api.call('POST', `/v1/runs/${runId}/files:rollback`, { body: both });
    expect(answer.status).toBe(400);
  });

  test('that is locked is written by the holder of the lock alone', async () => {
    const runId = await api.run();
    const space = { workspaceId: api.own.id, spaceId: runId };
    const lock = { path: 'a', holder: 'agent', ttlMs: 60_000 };
    const { token } = await api.deps.files.lock(space, lock);
    const write = { path: 'a', bytes: bytes('x') };
    await expect(client.files.write(runId, write)).rejects.toMatchObject({ code: 'file.locked' });
    const held = await client.files.write(runId, { ...write, fencingToken: token });
    expect(held.version).toBe(1);
  });
});
