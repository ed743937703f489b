import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client, type CreateMemoryRequest } from '../../client/index.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;
let client: Client;
let admin: Client;
let stranger: Client;

beforeAll(async () => {
  api = await startTestApi();
  const as = (apiKey: string): Client => createClient({ baseUrl: api.url, apiKey, maxRetries: 0 });
  client = as(api.own.keys.runner);
  admin = as(api.own.keys.admin);
  stranger = as(api.foreign.keys.admin);
});
afterAll(() => api.stop());

let count = 0;

function about(userId: string, text = `likes number ${(count += 1)}`): CreateMemoryRequest {
  return { kind: 'preference', text, scope: 'user', userId };
}

async function make(body: CreateMemoryRequest = about('ada')): Promise<string> {
  const learned = await client.memories.create(body);
  if (learned.kind !== 'created') throw new Error(learned.kind);
  return learned.memory.id;
}

describe('a memory', () => {
  test('is made, read, changed, and tells its history', async () => {
    const id = await make({ ...about('ada', 'likes tea'), importance: 0.9, why: 'she said so' });
    const { apiKeyId } = await client.apiKeys.me();
    expect(await client.memories.get(id)).toMatchObject({
      text: 'likes tea',
      scope: 'user',
      userId: 'ada',
      importance: 0.9,
      origin: 'user',
      trusted: true,
      version: 1,
    });
    const body = { text: 'likes green tea', expectedVersion: 1, why: 'asked again' };
    expect(await client.memories.update(id, body)).toMatchObject({ version: 2 });
    const refused = client.memories.update(id, { text: 'x', expectedVersion: 1 });
    await expect(refused).rejects.toMatchObject({ code: 'memory.conflict', status: 409 });
    const { items } = await client.memories.history(id).page();
    expect(items).toMatchObject([
      { change: 'created', text: 'likes tea', actor: apiKeyId, why: 'she said so' },
      { change: 'edited', text: 'likes green tea', actor: apiKeyId, why: 'asked again' },
    ]);
  });

  test('ends, begins anew, and cannot end before it begins', async () => {
    const id = await make();
    const at = '2030-01-01T00:00:00.000Z';
    expect((await client.memories.update(id, { invalidAt: at })).invalidAt).toBe(at);
    expect((await client.memories.update(id, { invalidAt: null })).invalidAt).toBeNull();
    const backwards = { validAt: at, invalidAt: '2029-01-01T00:00:00Z' };
    await expect(client.memories.update(id, backwards)).rejects.toMatchObject({
      code: 'memory.invalid',
    });
  });

  test('is written once under one idempotency key, and once with one text', async () => {
    const body = about('ada');
    const first = await client.memories.create(body, { idempotencyKey: 'k1' });
    const again = await client.memories.create(body, { idempotencyKey: 'k1' });
    const same = await client.memories.create(body);
    expect([first.kind, again.kind, same.kind]).toEqual(['created', 'existing', 'duplicate']);
    const answer = await api.call('POST', '/v1/memories', { body });
    expect(answer.status).toBe(200);
  });

  test('ends what it contradicts, but nothing of another person', async () => {
    const old = await make(about('ada'));
    const learned = await client.memories.create({ ...about('ada'), contradicts: [old] });
    expect(learned).toMatchObject({ kind: 'superseded', closed: [{ id: old }] });
    const other = await make(about('bob'));
    for (const field of ['contradicts', 'derivedFrom']) {
      const wrong = client.memories.create({ ...about('ada'), [field]: [other] });
      await expect(wrong).rejects.toMatchObject({ code: 'memory.not_found' });
    }
    expect((await client.memories.get(other)).invalidAt).toBeNull();
  });

  test('is pinned, archived, restored and deleted without a trace of its text', async () => {
    const id = await make(about('ada', 'a secret to forget'));
    expect(await client.memories.pin(id, true)).toMatchObject({ pinned: true });
    await expect(client.memories.archive(id)).rejects.toMatchObject({
      code: 'memory.held',
      status: 409,
    });
    await client.memories.pin(id, false);
    expect(await client.memories.archive(id)).toMatchObject({ status: 'archived' });
    expect(await client.memories.archive(id)).toMatchObject({ status: 'archived' });
    expect(await client.memories.restore(id, { why: 'needed' })).toMatchObject({
      status: 'active',
    });
    await client.memories.delete(id, { why: 'asked to' });
    await client.memories.delete(id);
    expect(await client.memories.get(id)).toMatchObject({ status: 'deleted', text: '' });
    const { text } = await api.call('GET', `/v1/memories/${id}/history`);
    expect(text).not.toContain('secret');
    expect(text).toContain('asked to');
    await expect(client.memories.restore(id)).rejects.toMatchObject({ code: 'memory.not_found' });
    await expect(client.memories.archive(id)).rejects.toMatchObject({ code: 'memory.not_found' });
  });

  test('on legal hold is kept, and only an admin holds and releases it', async () => {
    const id = await make();
    await expect(client.memories.hold(id, true)).rejects.toMatchObject({ code: 'auth.forbidden' });
    await admin.memories.hold(id, true, { why: 'a case' });
    await expect(admin.memories.delete(id)).rejects.toMatchObject({ code: 'memory.held' });
    await admin.memories.hold(id, false);
    await admin.memories.delete(id);
  });

  test('is judged after it was recalled', async () => {
    const id = await make();
    expect(await client.memories.judge(id, { verdict: 'useful' })).toMatchObject({ importance: 1 });
    const wrong = await client.memories.judge(id, { verdict: 'wrong', note: 'not any more' });
    expect(wrong.invalidAt).not.toBeNull();
  });
});

describe('memories', () => {
  test('are listed by each filter, page after page', async () => {
    const { id: threadId } = await client.threads.create({ agent: await api.agent() });
    const { agentId } = await client.threads.get(threadId);
    const mine = await make({ ...about('carl'), kind: 'fact' });
    const ofThread = await make({ ...about('carl'), scope: 'thread', threadId });
    const ofAgent = await make({ kind: 'procedure', text: 'do it so', scope: 'agent', agentId });
    const ids = async (query: Parameters<Client['memories']['list']>[0]): Promise<string[]> => {
      const found = [];
      for await (const memory of client.memories.list(query)) found.push(memory.id);
      return found;
    };
    expect(await ids({ userId: 'carl', limit: 1 })).toEqual([ofThread, mine]);
    expect(await ids({ userId: 'carl', kind: 'fact' })).toEqual([mine]);
    expect(await ids({ scope: 'thread', threadId })).toEqual([ofThread]);
    expect(await ids({ agentId })).toEqual([ofAgent]);
    await client.memories.archive(mine);
    expect(await ids({ userId: 'carl' })).toEqual([ofThread]);
    expect(await ids({ userId: 'carl', status: 'archived' })).toEqual([mine]);
    const cursor = client.memories.list({ cursor: 'x' }).page();
    await expect(cursor).rejects.toMatchObject({ code: 'list.bad_cursor' });
    const scopes = [];
    for await (const scope of client.memories.scopes({ limit: 1 })) scopes.push(scope);
    expect(scopes).toContainEqual(
      expect.objectContaining({ scope: 'user', id: 'carl', active: 0, archived: 1 }),
    );
    expect(scopes).toContainEqual(expect.objectContaining({ scope: 'thread', id: threadId }));
    const agents = await client.memories.scopes({ scope: 'agent' }).page();
    expect(agents.items).toMatchObject([{ scope: 'agent', id: agentId, active: 1, archived: 0 }]);
  });

  test('are made in a batch, each with its own answer', async () => {
    const body = about('dora');
    const memories = [body, { ...body, kind: 'fact' as const }, body];
    const answers = await client.memories.createAll({ memories });
    expect(answers.map(({ kind }) => kind)).toEqual(['created', 'created', 'duplicate']);
    const many = Array.from({ length: LIMITS.memoryBatch + 1 }, () => about('dora'));
    const tooMany = client.memories.createAll({ memories: many });
    await expect(tooMany).rejects.toMatchObject({ code: 'request.invalid' });
  });

  test('have texts of a size, and scopes with their ids', async () => {
    const largest = 'x'.repeat(LIMITS.memoryBytes);
    await make(about('eve', largest));
    const refused = [
      about('eve', `${largest}y`),
      about('eve', ' '),
      { ...about('eve'), importance: 1.5 },
      { kind: 'fact', text: 'whose', scope: 'user' } as const,
      { ...about('eve'), threadId: 'thr_unknown' },
    ];
    for (const body of refused) {
      await expect(client.memories.create(body)).rejects.toMatchObject({
        code: 'memory.invalid',
        status: 422,
      });
    }
  });

  test('are counted and limited', async () => {
    const { active } = await client.memories.usage();
    expect(await admin.memories.setLimit(active + 1)).toEqual({ active, limit: active + 1 });
    await make();
    await expect(make()).rejects.toMatchObject({ code: 'memory.budget_exceeded', status: 429 });
    await expect(client.memories.setLimit(1)).rejects.toMatchObject({ code: 'auth.forbidden' });
    await admin.memories.setLimit(LIMITS.activeMemories);
  });
});

describe('a person', () => {
  test('sees shared memories, changes none of them, and knows nothing of other persons', async () => {
    const shared = await make({ kind: 'fact', text: 'shops close at six', scope: 'workspace' });
    const mine = await make(about('fay'));
    const other = await make(about('gus'));
    const userId = 'fay';
    expect((await client.memories.get(shared, { userId })).id).toBe(shared);
    expect((await client.memories.update(mine, { text: 'x' }, { userId })).text).toBe('x');
    const change = client.memories.update(shared, { text: 'x' }, { userId });
    await expect(change).rejects.toMatchObject({ code: 'auth.forbidden' });
    const asks: (() => Promise<unknown>)[] = [
      () => client.memories.get(other, { userId }),
      () => client.memories.history(other, { userId }).page(),
      () => client.memories.update(other, { text: 'x' }, { userId }),
      () => client.memories.pin(other, true, { userId }),
      () => client.memories.archive(other, { userId }),
      () => client.memories.restore(other, { userId }),
      () => client.memories.delete(other, { userId }),
      () => client.memories.judge(other, { verdict: 'wrong' }, { userId }),
    ];
    for (const ask of asks) {
      await expect(ask()).rejects.toMatchObject({ code: 'memory.not_found', status: 404 });
    }
    expect(await client.memories.get(other)).toMatchObject({ version: 1, status: 'active' });
  });

  test('finds what is his, whatever filters say', async () => {
    await client.memories.createAll({
      memories: [about('hal', 'plays go at night'), about('ian', 'plays go at noon')],
    });
    const { hits } = await client.memories.search({ query: 'plays go', userId: 'hal' });
    expect(hits.map(({ memory }) => memory.userId)).toEqual(['hal']);
    expect((await client.memories.search({ query: 'plays go' })).hits).toEqual([]);
    for (const filters of [{ userId: 'ian' }, { scope: 'user' }, { owner: { userId: 'ian' } }]) {
      const body = { query: 'plays go', userId: 'hal', filters };
      const answer = await api.call('POST', '/v1/memories/search', { body });
      expect([answer.status, answer.body.problems[0]?.code]).toEqual([
        400,
        'request.unknown_field',
      ]);
    }
    const twice = await api.call('GET', '/v1/memories?userId=hal&userId=ian');
    expect(twice.body.code).toBe('request.invalid');
  });

  test.each([
    { query: '' },
    { query: 'x'.repeat(LIMITS.recallChars + 1) },
    { query: 'x', limit: LIMITS.recallHits + 1 },
    { query: 'x', limit: 0 },
    { query: 'x', filters: { minImportance: 2 } },
  ])('is refused a search beyond its limits', async (body) => {
    const answer = await api.call('POST', '/v1/memories/search', { body });
    expect([answer.status, answer.body.code]).toEqual([400, 'request.invalid']);
  });
});

test('another workspace knows nothing of a memory', async () => {
  const id = await make(about('jon', 'a word that is nowhere else'));
  const asks: (() => Promise<unknown>)[] = [
    () => stranger.memories.get(id),
    () => stranger.memories.history(id).page(),
    () => stranger.memories.update(id, { text: 'x' }),
    () => stranger.memories.pin(id, true),
    () => stranger.memories.hold(id, true),
    () => stranger.memories.archive(id),
    () => stranger.memories.restore(id),
    () => stranger.memories.delete(id),
    () => stranger.memories.judge(id, { verdict: 'wrong' }),
    () => stranger.memories.create({ ...about('jon'), contradicts: [id] }),
  ];
  for (const ask of asks) {
    await expect(ask()).rejects.toMatchObject({ code: 'memory.not_found', status: 404 });
  }
  const found = await stranger.memories.search({ query: 'nowhere else', userId: 'jon' });
  expect(found.hits).toEqual([]);
  expect((await stranger.memories.scopes().page()).items).toEqual([]);
  expect(await client.memories.get(id)).toMatchObject({ version: 1 });
});
