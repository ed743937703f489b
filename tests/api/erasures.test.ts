import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { PROJECTED } from '../../contracts/projection.ts';
import { SPEC, startTestApi, type TestApi } from './api-harness.ts';

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

/** A thread with one message of a person. */
async function thread(learns = false): Promise<{ threadId: string; messageId: string }> {
  const agent = await api.agent(learns ? { ...SPEC, memory: { feedback: true } } : SPEC);
  const { id: threadId } = await client.threads.create({ agent });
  const message = { role: 'assistant', content: 'Rome' } as const;
  const [made] = await api.deps.threads.append(api.own.id, threadId, [message]);
  return { threadId, messageId: made?.id ?? '' };
}

describe('a working memory', () => {
  test.each(['runId', 'threadId'] as const)(
    'of a %s is set, read, listed and emptied',
    async (kind) => {
      const id = kind === 'runId' ? await api.run() : (await thread()).threadId;
      const owner = kind === 'runId' ? { runId: id } : { threadId: id };
      const key = 'the plan/ä';
      const value = { steps: [1, 2] };
      await client.workingMemory.set(owner, key, { value, userId: 'zoe' });
      expect(await client.workingMemory.get(owner, key)).toMatchObject({ key, value });
      expect(await client.workingMemory.list(owner)).toMatchObject({
        items: [{ key, value }],
        limitBytes: LIMITS.workingMemoryBytes,
      });
      await client.workingMemory.delete(owner, key);
      for (const ask of [
        () => client.workingMemory.get(owner, key),
        () => client.workingMemory.delete(owner, key),
      ]) {
        await expect(ask()).rejects.toMatchObject({
          code: 'working_memory.not_found',
          status: 404,
        });
      }
      for (const ask of [
        () => stranger.workingMemory.list(owner),
        () => stranger.workingMemory.get(owner, key),
        () => stranger.workingMemory.set(owner, key, { value }),
        () => stranger.workingMemory.delete(owner, key),
      ]) {
        const code = kind === 'runId' ? 'run.not_found' : 'thread.not_found';
        await expect(ask()).rejects.toMatchObject({ code, status: 404 });
      }
    },
  );

  test('has room for so much', async () => {
    const owner = { runId: await api.run() };
    const fits = 'x'.repeat(LIMITS.workingMemoryBytes - '"a"'.length);
    await client.workingMemory.set(owner, 'a', { value: fits });
    for (const [key, value] of [
      ['a', `${fits}x`],
      ['b', 1],
    ] as const) {
      const full = client.workingMemory.set(owner, key, { value });
      await expect(full).rejects.toMatchObject({ code: 'working_memory.full', status: 413 });
    }
    const long = client.workingMemory.set(owner, 'k'.repeat(201), { value: 1 });
    await expect(long).rejects.toMatchObject({ code: 'request.invalid' });
  });
});

describe('feedback', () => {
  test('is kept for each person and kind, and replaced by the same once more', async () => {
    const { threadId, messageId } = await thread();
    const say = (body: Parameters<Client['threads']['giveFeedback']>[2]) =>
      client.threads.giveFeedback(threadId, messageId, body);
    const first = await say({ kind: 'thumb', value: 'up', userId: 'ada' });
    const again = await say({ kind: 'thumb', value: 'down', userId: 'ada', comment: 'wrong' });
    expect(again).toMatchObject({ id: first.id, value: 'down', comment: 'wrong', memoryId: null });
    await say({ kind: 'rating', value: 5, userId: 'bob' });
    await say({ kind: 'correction', value: 'Paris' });
    const all = [];
    for await (const one of client.threads.feedback(threadId, { limit: 2 })) all.push(one.kind);
    expect(all).toEqual(['correction', 'rating', 'thumb']);
    const { items } = await client.threads.feedback(threadId, { userId: 'bob' }).page();
    expect(items).toMatchObject([{ kind: 'rating', value: 5, userId: 'bob', messageId }]);
    expect((await client.memories.list({ threadId }).page()).items).toEqual([]);
  });

  test('becomes a preference where the agent learns from it, in place of the one before', async () => {
    const { threadId, messageId } = await thread(true);
    const said = { kind: 'correction', value: 'Paris', userId: 'kim' } as const;
    const first = await client.threads.giveFeedback(threadId, messageId, said);
    expect(await client.memories.get(first.memoryId ?? '')).toMatchObject({
      kind: 'preference',
      scope: 'user',
      userId: 'kim',
      origin: 'user',
      threadId,
      messageId,
      text: expect.stringContaining('Paris'),
    });
    const next = await client.threads.giveFeedback(threadId, messageId, { ...said, value: 'Lyon' });
    expect(next.memoryId).not.toBe(first.memoryId);
    expect((await client.memories.get(first.memoryId ?? '')).invalidAt).not.toBeNull();
    const bare = { kind: 'thumb', value: 'up', userId: 'kim' } as const;
    const thumb = await client.threads.giveFeedback(threadId, messageId, bare);
    expect(thumb.memoryId).toBeNull();
  });

  test.each([
    { kind: 'thumb', value: 'sideways' },
    { kind: 'rating', value: 6 },
    { kind: 'rating', value: 2.5 },
    { kind: 'correction', value: ' ' },
    { kind: 'thumb' },
  ])('is refused as %j', async (body) => {
    const { threadId, messageId } = await thread();
    const path = `/v1/threads/${threadId}/messages/${messageId}/feedback`;
    expect((await api.call('POST', path, { body })).body.code).toBe('request.invalid');
  });

  test('needs a message of the thread, in the workspace', async () => {
    const [one, two] = [await thread(), await thread()];
    const body = { kind: 'thumb', value: 'up' } as const;
    const asks: [string, () => Promise<unknown>][] = [
      ['message.not_found', () => client.threads.giveFeedback(one.threadId, two.messageId, body)],
      ['thread.not_found', () => stranger.threads.giveFeedback(one.threadId, one.messageId, body)],
      ['thread.not_found', () => stranger.threads.feedback(one.threadId).page()],
      ['thread.not_found', () => client.threads.feedback(newId('thread')).page()],
    ];
    for (const [code, ask] of asks) {
      await expect(ask()).rejects.toMatchObject({ code, status: 404 });
    }
  });
});

describe('an erasure', () => {
  test('leaves nothing of a person, and proves it', async () => {
    const userId = 'ida+tag@example.org/ä';
    const word = 'xylophone';
    const made = await client.memories.create({
      kind: 'preference',
      text: `plays the ${word}`,
      scope: 'user',
      userId,
    });
    if (made.kind !== 'created') throw new Error(made.kind);
    await client.memories.create({
      kind: 'fact',
      text: `somebody plays the ${word}`,
      scope: 'workspace',
      derivedFrom: [made.memory.id],
    });
    const base = await admin.knowledge.createBase({ name: 'papers' });
    const paper = { name: 'paper', text: word, userId };
    const { document } = await client.knowledge.addDocument(base.id, paper);
    const entities = [
      { name: word, type: 'instrument', userId },
      { name: 'Rome', type: 'city' },
    ];
    const [own, other] = await client.graph.putEntities({ entities });
    const ends = { sourceId: own?.id ?? '', targetId: other?.id ?? '' };
    await client.graph.recordFact({ ...ends, predicate: 'played_in', text: `${word} in Rome` });
    const { threadId, messageId } = await thread();
    await client.workingMemory.set({ threadId }, 'a', { value: word, userId });
    const said = { kind: 'correction', value: word, userId } as const;
    await client.threads.giveFeedback(threadId, messageId, said);

    await expect(client.memories.eraseUser(userId)).rejects.toMatchObject({
      code: 'auth.forbidden',
    });
    const proof = await admin.memories.eraseUser(userId);
    expect(proof).toMatchObject({ held: 0, remaining: 0 });
    expect(proof.erased).toMatchObject({
      memories: 2,
      derived: 1,
      documents: 1,
      graphFacts: 1,
      workingValues: 1,
      feedback: 1,
    });
    expect(proof.erased.entities).toBeGreaterThanOrEqual(1);
    expect(proof.pendingProjections).toBeGreaterThan(0);
    expect(JSON.stringify(proof)).not.toContain('ida');

    const seen = await Promise.all([
      api.call('GET', '/v1/memories?limit=200'),
      api.call('GET', `/v1/graph/entities?query=${word}`),
      api.call('GET', `/v1/threads/${threadId}/working-memory`),
      api.call('GET', `/v1/threads/${threadId}/feedback`),
      api.call('POST', '/v1/memories/search', { body: { query: word, userId } }),
    ]);
    for (const { status, text } of seen) {
      expect(status).toBe(200);
      expect(text).not.toContain(word);
    }
    for (const ask of [
      () => client.memories.get(made.memory.id),
      () => client.memories.history(made.memory.id).page(),
      () => client.knowledge.getDocument(document.id),
    ]) {
      await expect(ask()).rejects.toMatchObject({ status: 404 });
    }
    await applyAll();
    expect(await admin.memories.erasure(proof.id)).toEqual({ ...proof, pendingProjections: 0 });
    await expect(stranger.memories.erasure(proof.id)).rejects.toMatchObject({
      code: 'erasure.not_found',
      status: 404,
    });
    const again = await admin.memories.eraseUser(userId);
    expect(again.erased).toMatchObject({ memories: 0, documents: 0, feedback: 0 });
  });

  test('keeps what is on legal hold and says so, and touches no other workspace', async () => {
    const body = { kind: 'fact', text: 'evidence', scope: 'user', userId: 'lea' } as const;
    const made = await admin.memories.create(body);
    const theirs = await stranger.memories.create(body);
    if (made.kind !== 'created' || theirs.kind !== 'created') throw new Error('not made');
    await admin.memories.hold(made.memory.id, true);
    expect(await admin.memories.eraseUser('lea')).toMatchObject({
      held: 1,
      remaining: 0,
      erased: { memories: 0 },
    });
    expect(await admin.memories.get(made.memory.id)).toMatchObject({ text: 'evidence' });
    expect(await stranger.memories.get(theirs.memory.id)).toMatchObject({ text: 'evidence' });
  });

  test('of a name that is too long is refused', async () => {
    const answer = await api.call('DELETE', `/v1/users/${'x'.repeat(257)}/memories`);
    expect(answer.body.code).toBe('request.invalid');
  });
});

/** Does what the workers of indexes would: takes every change and says that it is applied. */
async function applyAll(): Promise<void> {
  for (;;) {
    const claims = await api.projections.claim({
      subjects: PROJECTED,
      limit: 100,
      leaseMs: 60_000,
    });
    if (claims.length === 0) return;
    await api.projections.complete(claims);
  }
}
