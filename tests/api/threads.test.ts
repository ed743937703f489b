import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SPEC, startTestApi, type TestApi } from './api-harness.ts';
import { threadMessageSchema, threadSchema } from '../../contracts/thread.schema.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

async function openThread(): Promise<{ agent: string; id: string }> {
  const agent = await api.agent();
  const made = await api.call('POST', '/v1/threads', { body: { agent, title: 'a talk' } });
  expect(made.status).toBe(201);
  const thread = threadSchema.strict().parse(made.body);
  expect(made.headers.get('location')).toBe(`/v1/threads/${thread.id}`);
  return { agent, id: thread.id };
}

const say = (id: string, content: unknown, headers = {}) =>
  api.call('POST', `/v1/threads/${id}/messages`, { body: { content }, headers });

describe('a thread', () => {
  test('is read, listed, and keeps its version when the agent gets a new one', async () => {
    const { agent, id } = await openThread();
    await api.call('POST', `/v1/agents/${agent}/versions`, { body: { spec: SPEC } });
    const listed = await api.call('GET', `/v1/threads?agent=${agent}`);
    expect(listed.body.items).toMatchObject([{ id, title: 'a talk' }]);
    const run = await say(id, 'hi');
    expect([run.status, run.body.version, run.body.threadId]).toEqual([201, '1', id]);
  });

  test('takes one message at a time', async () => {
    const { id } = await openThread();
    const first = await say(id, 'hi');
    expect(first.body.input).toEqual({ message: 'hi' });
    const second = await say(id, 'are you there?');
    expect([second.status, second.body.code]).toEqual([409, 'thread.busy']);
    await api.end(first.body.id);
    expect((await say(id, 'are you there?')).status).toBe(201);
    const messages = await api.call('GET', `/v1/threads/${id}/messages`);
    for (const message of messages.body.items) threadMessageSchema.strict().parse(message);
    expect(messages.body.items).toMatchObject([
      { position: 1, message: { role: 'user', content: 'hi' } },
      { position: 2, message: { role: 'user', content: 'are you there?' } },
    ]);
  });

  test('gives a repeated message with an idempotency key the same run', async () => {
    const { id } = await openThread();
    const headers = { 'idempotency-key': `say-${id}` };
    const [first, again] = [await say(id, 'hi', headers), await say(id, 'hi', headers)];
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body.id).toBe(first.body.id);
    const other = await say(id, 'bye', headers);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency.key_reused']);
  });

  test('takes what fits its version alone, with pointers into the request', async () => {
    const agent = await api.agent({
      ...SPEC,
      input: { properties: { message: { type: 'string' } } },
    });
    const { body: thread } = await api.call('POST', '/v1/threads', { body: { agent } });
    const answer = await say(thread.id, 7);
    expect([answer.status, answer.body.code]).toEqual([422, 'run.invalid_input']);
    expect(answer.body.problems[0]?.pointer).toBe('/content');
  });

  test('is begun by a run and continued by another', async () => {
    const agent = await api.agent();
    const run = (body: object) => api.call('POST', '/v1/runs', { body: { agent, ...body } });
    const first = await run({ newThread: true, input: { message: 'hello' } });
    const { threadId } = first.body;
    expect(threadId).toMatch(/^thr_/);
    const busy = await run({ threadId, input: { topic: 'x' } });
    expect([busy.status, busy.body.code]).toEqual([409, 'thread.busy']);
    await api.end(first.body.id);
    expect((await run({ threadId, input: { topic: 'x' } })).status).toBe(201);
    const messages = await api.call('GET', `/v1/threads/${threadId}/messages`);
    const contents = messages.body.items.map((item) => item.message.content);
    expect(contents).toEqual(['hello', { topic: 'x' }]);
    const runs = await api.call('GET', `/v1/runs?threadId=${threadId}`);
    expect(runs.body.items).toHaveLength(2);
  });

  test('refuses runs of another agent or version', async () => {
    const { agent, id } = await openThread();
    await api.call('POST', `/v1/agents/${agent}/versions`, { body: { spec: SPEC } });
    const other = await api.agent();
    for (const body of [
      { agent: other, threadId: id },
      { agent, threadId: id, version: '2' },
    ]) {
      const answer = await api.call('POST', '/v1/runs', { body });
      expect([answer.status, answer.body.code]).toEqual([409, 'thread.locked']);
    }
    const same = await api.call('POST', '/v1/runs', {
      body: { agent, threadId: id, version: '1' },
    });
    expect(same.status).toBe(201);
  });

  test('of an archived agent takes no messages', async () => {
    const { agent, id } = await openThread();
    await api.call('PATCH', `/v1/agents/${agent}`, { body: { archived: true } });
    const answer = await say(id, 'hi');
    expect([answer.status, answer.body.code]).toEqual([409, 'agent.archived']);
  });
});
