import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allows } from '../../api/permissions.ts';
import { newId } from '../../contracts/ids.ts';
import { ROLES } from '../../contracts/status.ts';
import { ROUTE_TABLE } from '../../api/route-table.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi({ timing: { cancelWaitMs: 50, startWaitMs: 50 } });
});
afterAll(() => api.stop());

const NAMED = ROUTE_TABLE.map((route) => [`${route.method} ${route.path}`, route] as const);
const GUARDED = NAMED.filter(([, route]) => route.permission !== 'public');

/** Publishes a file of a foreign run; answers with the artifact's id. */
async function publish(runId: string, key: string): Promise<string> {
  const path = `/v1/runs/${runId}/files/content?path=a.txt`;
  await api.call('PUT', path, { key, raw: 'secret' });
  const ref = { workspaceId: api.foreign.id, runId };
  const { artifact } = await api.deps.artifacts.publish(ref, { path: 'a.txt' });
  return artifact.id;
}

/** The path with ids that nothing has. */
function anyPath(path: string): string {
  return path.replaceAll(/\{\w+\}/g, 'unknown');
}

describe.each(GUARDED)('%s', (_name, route) => {
  const path = anyPath(route.path);
  const body = route.body === null ? {} : { body: {} };

  test.each(ROLES)('lets the role %s in exactly if it has the permission', async (role) => {
    const answer = await api.call(route.method, path, { key: api.own.keys[role], ...body });
    const allowed = route.permission !== 'public' && allows(role, route.permission);
    expect([answer.status === 403, answer.status >= 500]).toEqual([!allowed, false]);
    if (!allowed) expect(answer.body.code).toBe('auth.forbidden');
  });

  test('asks for a key, and for a good one', async () => {
    const missing = await api.call(route.method, path, { key: null, ...body });
    expect([missing.status, missing.body.code]).toEqual([401, 'auth.missing']);
    expect(missing.headers.get('www-authenticate')).toBe('Bearer');
    const wrong = await api.call(route.method, path, { key: 'hf_wrong.key', ...body });
    expect([wrong.status, wrong.body.code]).toEqual([401, 'auth.invalid']);
  });
});

test('the header x-api-key serves as well', async () => {
  const headers = { 'x-api-key': api.own.keys.viewer };
  const answer = await api.call('GET', '/v1/me', { key: null, headers });
  expect(answer.body).toMatchObject({ role: 'viewer', workspaceId: api.own.id });
});

describe('what belongs to another workspace', () => {
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    const key = api.foreign.keys.admin;
    await api.agent(undefined, key);
    const agents = await api.call('GET', '/v1/agents', { key });
    const [agent] = agents.body.items;
    if (agent === undefined) throw new Error('the agent is in no list');
    const run = await api.call('POST', '/v1/runs', {
      key,
      body: { agent: agent.id, newThread: true, input: { topic: 'x'.repeat(40_000) } },
    });
    const keys = await api.call('GET', '/v1/api-keys', { key });
    Object.assign(ids, {
      agent: agent.id,
      name: agent.name,
      version: agent.labels.latest,
      run: run.body.id,
      thread: run.body.threadId,
      sha256: run.body.input.$blob,
      artifact: await publish(run.body.id, key),
      key: keys.body.items[0]?.id,
    });
  });

  /** Each route that names something, the foreign id, and an id like it that nothing has. */
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['GET', '/v1/agents/{agent}', null],
    ['GET', '/v1/agents/{name}', null],
    ['PATCH', '/v1/agents/{agent}', { description: 'mine' }],
    ['GET', '/v1/agents/{agent}/versions', null],
    ['GET', '/v1/agents/{agent}/versions/1', null],
    ['GET', '/v1/agents/{agent}/labels/latest', null],
    ['PUT', '/v1/agents/{agent}/labels/prod', { version: '1' }],
    ['DELETE', '/v1/agents/{agent}/labels/prod', null],
    ['GET', '/v1/agents/{agent}/labels/latest/history', null],
    ['POST', '/v1/agents/{agent}/labels/latest/rollback', null],
    ['GET', '/v1/runs/{run}', null],
    ['GET', '/v1/runs/{run}/events', null],
    ['GET', '/v1/runs/{run}/wait', null],
    ['POST', '/v1/runs/{run}/cancel', null],
    ['GET', '/v1/runs/{run}/steps', null],
    ['GET', '/v1/runs/{run}/checkpoints', null],
    ['GET', '/v1/runs/{run}/checkpoints/1', null],
    ['GET', '/v1/runs/{run}/files', null],
    ['GET', '/v1/runs/{run}/files/history?path=a.txt', null],
    ['GET', '/v1/runs/{run}/files/content?path=a.txt', null],
    ['PUT', '/v1/runs/{run}/files/content?path=a.txt', 'mine'],
    ['GET', '/v1/runs/{run}/files/diff?path=a.txt&from=1&to=1', null],
    ['POST', '/v1/runs/{run}/files:rollback', { path: 'a.txt', version: 1 }],
    ['POST', '/v1/runs/{run}/files:rollback', { revision: 0 }],
    ['GET', '/v1/runs/{run}/artifacts', null],
    ['GET', '/v1/artifacts/{artifact}', null],
    ['GET', '/v1/artifacts/{artifact}/content', null],
    ['GET', '/v1/runs/{run}/commands', null],
    ['GET', '/v1/runs/{run}/network-requests', null],
    ['GET', '/v1/runs/{run}/denied-calls', null],
    ['GET', '/v1/runs/{run}/audit:verify', null],
    ['GET', '/v1/threads/{thread}', null],
    ['GET', '/v1/threads/{thread}/messages', null],
    ['POST', '/v1/threads/{thread}/messages', { content: 'hi' }],
    ['GET', '/v1/values/{sha256}', null],
    ['DELETE', '/v1/api-keys/{key}', null],
    ['GET', '/v1/runs?agent={agent}', null],
    ['POST', '/v1/runs', { agent: '{agent}' }],
    ['POST', '/v1/runs', { agent: '{name}' }],
    ['POST', '/v1/threads', { agent: '{agent}' }],
  ];
  const unknown: Readonly<Record<string, string>> = {
    agent: newId('agent'),
    name: 'no-such-agent',
    version: newId('agentVersion'),
    run: newId('run'),
    thread: newId('thread'),
    sha256: '0'.repeat(64),
    key: newId('apiKey'),
    artifact: newId('artifact'),
  };

  test.each(cases)('%s %s answers as for an id that nothing has', async (method, path, body) => {
    const name = /\{(\w+)\}/.exec(path + JSON.stringify(body))?.[1] ?? '';
    const ask = async (id: string): Promise<string> => {
      const fill = (text: string): string => text.replace(`{${name}}`, id);
      const answer = await api.call(method, fill(path), {
        ...(body === null ? {} : { raw: fill(JSON.stringify(body)) }),
        headers: { 'x-request-id': 'same' },
      });
      expect(answer.status).toBe(404);
      return answer.text.replaceAll(id, 'the id');
    };
    expect(await ask(ids[name] ?? '')).toBe(await ask(unknown[name] ?? ''));
  });

  test('cannot be reached through an own agent', async () => {
    const agent = await api.agent();
    for (const [field, name] of [
      ['threadId', 'thread'],
      ['version', 'version'],
    ] as const) {
      const ask = async (id: string | undefined): Promise<string> => {
        const answer = await api.call('POST', '/v1/runs', {
          body: { agent, [field]: id },
          headers: { 'x-request-id': 'same' },
        });
        expect(answer.status).toBe(404);
        return answer.text.replaceAll(id ?? '', 'the id');
      };
      expect(await ask(ids[name])).toBe(await ask(unknown[name]));
    }
  });

  test('is in no list', async () => {
    for (const path of ['/v1/agents', '/v1/runs', '/v1/threads', '/v1/human-tasks']) {
      const { text } = await api.call('GET', `${path}?limit=200`);
      for (const id of Object.values(ids)) expect(text).not.toContain(id);
    }
  });
});
