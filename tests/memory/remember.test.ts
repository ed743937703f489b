import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ANN,
  catchUp,
  DAY,
  openMemoryHarness,
  said,
  user,
  type MemoryHarness,
  type MemoryProcess,
} from './memory-harness.ts';
import { AppError } from '../../contracts/app-error.ts';
import { createFakeChatModels } from '../../adapters/models/fake.ts';
import { createRememberTool } from '../../activities/tools/memory/remember-tool.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../contracts/sandbox.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { MEMORY_SCOPES } from '../../contracts/memory.ts';

/** Nobody listens there. */
const QDRANT_AWAY = { QDRANT_URL: 'http://127.0.0.1:1' };

describe('remembering while the index is away', () => {
  let bench: MemoryHarness;
  let away: MemoryProcess;
  beforeAll(async () => {
    bench = await openMemoryHarness();
    away = bench.another(QDRANT_AWAY);
  });
  afterAll(() => bench.close());

  test('keeps what is new, and equal texts once', async () => {
    const { workspaceId: ws } = bench;
    const { service } = away.memory;
    const fact = (text: string) => said(text, { kind: 'fact' });
    await expect(service.recall(ws, { text: 'ferry', owner: user('u1') })).rejects.toMatchObject({
      code: 'service.unavailable',
    });
    const ferry = 'The ferry to Elba leaves at nine.';
    const [first] = await service.remember(ws, [fact(ferry)], ANN);
    const again = await service.remember(ws, [fact(ferry), fact('Ann owns it.')], ANN);
    expect(first).toMatchObject({ kind: 'created' });
    expect(again.map(({ kind }) => kind)).toEqual(['duplicate', 'created']);
  });

  test('leaves the change in the outbox, from where it comes to an index later', async () => {
    const { workspaceId: ws } = bench;
    const before = await bench.projections.pending(ws);
    await away.memory.service.remember(ws, [said('A heron stood at the lake.')], ANN);
    expect(await bench.projections.pending(ws)).toBe(before + 1);
    await catchUp(bench.schema.database, bench.memory.indexes);
    const { hits } = await bench.memory.service.recall(ws, { text: 'heron', owner: user('u1') });
    expect(hits.map(({ memory }) => memory.text)).toEqual(['A heron stood at the lake.']);
  });
});

describe('with a model', () => {
  test('what it judges counts; what it fails at is remembered by words alone', async () => {
    const models = createFakeChatModels([
      { output: { judgements: [{ number: 1, judgement: 'contradicts' }] } },
      { output: { judgements: [{ number: 1, judgement: 'same' }] } },
      new AppError('model.unavailable', 'openai answered 503'),
    ]);
    const bench = await openMemoryHarness({ HOLDFAST_MODEL: 'openai:some' }, models);
    const { workspaceId: ws, memory } = bench;
    const tell = async (text: string) =>
      (await memory.service.remember(ws, [said(text, { kind: 'fact' })], ANN))[0];
    await tell('Ada lives in Lisbon.');
    expect(await tell('Ada has moved from Lisbon to Porto.')).toMatchObject({
      kind: 'superseded',
      closed: [{ text: 'Ada lives in Lisbon.' }],
    });
    expect(await tell('It is Porto where Ada lives.')).toMatchObject({ kind: 'near_duplicate' });
    expect(await tell('Ada likes the trams of Porto.')).toMatchObject({ kind: 'created' });
    expect(models.requests).toHaveLength(3);
    await bench.close();
  });

  test('what has faded is said in its words', async () => {
    const models = createFakeChatModels([{ output: { text: 'Ann walked the dog three times.' } }]);
    const bench = await openMemoryHarness({ HOLDFAST_MODEL: 'openai:some' }, models);
    const { workspaceId: ws, memory } = bench;
    const walks = ['at dawn', 'at noon', 'at dusk'].map((when) =>
      said(`Ann walked the dog ${when}.`),
    );
    await memory.service.remember(ws, walks, ANN);
    bench.wait(60 * DAY);
    expect(await memory.service.sweep(ws, 100)).toMatchObject({ summaries: 1 });
    const { hits } = await memory.service.recall(ws, { text: 'dog', owner: user('u1') });
    expect(hits.map((hit) => hit.memory.text)).toEqual(['Ann walked the dog three times.']);
    await bench.close();
  });

  test('hits come in its order where the operator wants that', async () => {
    const models = createFakeChatModels([{ output: { order: [2, 1] } }]);
    const env = { HOLDFAST_MODEL: 'openai:some', RERANKER: 'model' };
    const bench = await openMemoryHarness(env, models);
    const { workspaceId: ws, memory } = bench;
    const texts = ['The ferry to Elba leaves at nine.', 'A ferry was painted.'];
    await memory.service.remember(
      ws,
      texts.map((text) => said(text)),
      ANN,
    );
    const answer = await memory.service.recall(ws, { text: 'ferry to Elba', owner: user('u1') });
    expect(answer.hits.map((hit) => hit.memory.text)).toEqual(texts.toReversed());
    expect(answer.reranked.by).toBe('listwise');
    await bench.close();
  });
});

describe('what the tool `remember` may end', () => {
  let bench: MemoryHarness;
  beforeAll(async () => {
    bench = await openMemoryHarness();
  });
  afterAll(() => bench.close());

  interface Kept {
    readonly kind: string;
    readonly memoryId: string;
    readonly closed?: readonly string[];
  }

  async function call(userId: string, args: JsonObject): Promise<Kept> {
    const { workspaceId, runId } = await bench.tenant.seedRun();
    const tool = createRememberTool({ memory: bench.memory.service, light: true });
    const answer = await tool.execute(args, {
      ...{ workspaceId, runId, stepId: 's', actor: 'test@1' },
      idempotencyKey: JSON.stringify([userId, args]),
      owner: { userId, agentId: bench.tenant.version.agentId, threadId: null },
      memoryScopes: MEMORY_SCOPES,
      knowledgeBases: null,
      sandbox: DEFAULT_SANDBOX_POLICY,
      signal: new AbortController().signal,
      onOutput: () => undefined,
    });
    return answer as unknown as Kept;
  }

  test.each(MEMORY_SCOPES.filter((scope) => scope !== 'thread'))(
    'is nothing of another person, written for the %s',
    async (scope) => {
      const { memoryId } = await call('ada', { text: `Ada keeps bees, ${scope}.`, kind: 'fact' });
      const evil = { text: 'Ada keeps nothing.', scope, contradicts: [memoryId] };
      await expect(call('bob', evil)).rejects.toMatchObject({
        code: 'tool.refused',
        message: expect.stringContaining('memory.not_found'),
      });
      const kept = await bench.memories.get(bench.workspaceId, memoryId);
      expect(kept).toMatchObject({ invalidAt: null, supersededBy: null, status: 'active' });
    },
  );

  test('is what the person of the run remembers', async () => {
    const { memoryId } = await call('ada', { text: 'Ada lives in Basel.' });
    const answer = await call('ada', {
      text: 'Ada lives in Bern.',
      contradicts: [memoryId],
    });
    expect(answer).toMatchObject({ kind: 'superseded', closed: [memoryId] });
  });
});
