import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import type { Artifact } from '../../contracts/artifact.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;
let client: Client;

beforeAll(async () => {
  api = await startTestApi();
  client = createClient({ baseUrl: api.url, apiKey: api.own.keys.admin, maxRetries: 0 });
});
afterAll(() => api.stop());

async function publish(runId: string, path: string, mediaType: string): Promise<Artifact> {
  const bytes = new TextEncoder().encode('<script>alert(1)</script>');
  await client.files.write(runId, { path, bytes });
  const ref = { workspaceId: api.own.id, runId };
  return (await api.deps.artifacts.publish(ref, { path, mediaType })).artifact;
}

describe('an artifact', () => {
  test('is listed, described and read', async () => {
    const runId = await api.run();
    const artifact = await publish(runId, 'out/a.txt', 'text/plain');
    const { items } = await client.artifacts.list(runId).page();
    expect(items).toEqual([artifact]);
    expect(await client.artifacts.get(artifact.id)).toEqual(artifact);
    const read = Buffer.from(await client.artifacts.read(artifact.id)).toString();
    expect(read).toBe('<script>alert(1)</script>');
  });

  test.each([
    ['text/html', 'attachment'],
    ['image/svg+xml', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['application/pdf', 'attachment'],
    ['image/png', 'inline'],
  ])('of type %s is an %s in which nothing runs', async (mediaType, disposition) => {
    const { id } = await publish(await api.run(), 'x', mediaType);
    const { headers } = await api.call('GET', `/v1/artifacts/${id}/content`);
    expect(headers.get('content-type')).toBe(mediaType);
    expect(headers.get('content-disposition')).toBe(
      `${disposition}; filename="x"; filename*=UTF-8''x`,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe(
      "sandbox; default-src 'none'; frame-ancestors 'none'",
    );
  });
});

describe('the audit of a run', () => {
  test('tells its commands and requests page after page, and whether they were changed', async () => {
    const runId = await api.run();
    const ref = { workspaceId: api.own.id, runId };
    const at = '2026-01-02T03:04:05.678Z';
    const where = { sandboxId: 'sb_1', stepId: 'call:1' };
    const command = (commandId: string) => ({
      ...where,
      commandId,
      actor: 'ann',
      command: { argv: ['ls'] },
      cwd: '/workspace',
      startedAt: at,
      endedAt: at,
      end: 'exit' as const,
      exitCode: 0,
      signal: null,
      cpuMs: 1,
      maxMemoryBytes: 1,
      stdoutBytes: 0,
      stderrBytes: 0,
      truncated: false,
    });
    await api.sandboxes.recordCommands(ref, ['a', 'b', 'c'].map(command));
    const traffic = { bytesOut: 0, bytesIn: 0 };
    const refused = { allowed: false, reason: 'not in the policy', host: 'x.test', port: 443 };
    await api.sandboxes.recordRequests(ref, [{ ...where, at, ...refused, ...traffic }]);
    const call = { id: '1.000:1', call: 'mount', program: 'sh', pid: 7 };
    await api.sandboxes.recordDenials(ref, [{ ...where, at, ...call }]);
    const commands = [];
    for await (const entry of client.audit.commands(runId, { limit: 2 })) commands.push(entry);
    expect(commands).toMatchObject(['a', 'b', 'c'].map((commandId) => ({ ...command(commandId) })));
    const { items } = await client.audit.networkRequests(runId).page();
    expect(items).toMatchObject([{ seq: 1, ...refused }]);
    const { items: calls } = await client.audit.deniedCalls(runId).page();
    expect(calls).toMatchObject([{ seq: 1, ...call }]);
    expect(await client.audit.verify(runId)).toEqual({
      valid: true,
      commands: { length: 3, brokenAt: null },
      requests: { length: 1, brokenAt: null },
      denials: { length: 1, brokenAt: null },
    });
  });
});

describe('the workspace', () => {
  test('has a least level of sandboxes that admins read and change', async () => {
    expect(await client.workspace.get()).toMatchObject({
      id: api.own.id,
      sandboxMinLevel: 'process',
    });
    const changed = await client.workspace.update({ sandboxMinLevel: 'docker' });
    expect(changed.sandboxMinLevel).toBe('docker');
    expect(await client.workspace.update({})).toEqual(changed);
    const foreign = await api.call('GET', '/v1/workspace', { key: api.foreign.keys.admin });
    expect(foreign.body).toMatchObject({ id: api.foreign.id, sandboxMinLevel: 'process' });
  });

  test.each([{ sandboxMinLevel: 'none' }, { name: 'x' }, { sandboxMinLevel: null }])(
    'is not changed by %j',
    async (body) => {
      const answer = await api.call('PATCH', '/v1/workspace', { body });
      expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
    },
  );
});
