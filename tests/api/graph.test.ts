import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { newId } from '../../contracts/ids.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;
let client: Client;
let stranger: Client;

beforeAll(async () => {
  api = await startTestApi();
  const as = (apiKey: string): Client => createClient({ baseUrl: api.url, apiKey, maxRetries: 0 });
  client = as(api.own.keys.runner);
  stranger = as(api.foreign.keys.admin);
});
afterAll(() => api.stop());

async function entity(name: string, userId?: string): Promise<string> {
  const one = { name, type: 'thing', ...(userId === undefined ? {} : { userId }) };
  const [made] = await client.graph.putEntities({ entities: [one] });
  return made?.id ?? '';
}

async function link(sourceId: string, targetId: string, rest: object = {}): Promise<string> {
  const body = { sourceId, targetId, predicate: 'knows', text: 'they met', ...rest };
  return (await client.graph.recordFact(body)).id;
}

describe('an entity', () => {
  test('is made once by its name, found by words and read', async () => {
    const id = await entity('Ada Lovelace');
    expect(await entity('  ada   lovelace ')).toBe(id);
    const found = await client.graph.findEntities({ query: 'love', type: 'thing' });
    expect(found.map((one) => one.id)).toEqual([id]);
    expect(await client.graph.getEntity(id)).toMatchObject({ name: 'Ada Lovelace' });
    const unknown = client.graph.getEntity(newId('entity'));
    await expect(unknown).rejects.toMatchObject({ code: 'graph.entity_not_found', status: 404 });
  });
});

describe('a fact', () => {
  test('is recorded once with where it was learnt, ends, and keeps what was known', async () => {
    const [a, b] = [await entity('a1'), await entity('b1')];
    const { id: memoryId } = (
      await api.deps.memories.remember(
        api.own.id,
        [{ kind: 'fact', text: 'a knows b', scope: 'workspace', origin: 'user' }],
        { actor: 'test', why: '' },
      )
    )[0]?.memory ?? { id: '' };
    const validAt = '2020-01-01T00:00:00.000Z';
    const fact = { memoryId, validAt, key: 'once', confidence: 0.5 };
    const id = await link(a, b, fact);
    expect(await link(a, b, fact)).toBe(id);
    expect(await client.graph.facts(b)).toMatchObject({
      items: [{ id, memoryId, validAt, invalidAt: null, confidence: 0.5 }],
      truncated: false,
    });
    const closed = await client.graph.closeFact(id, { invalidAt: '2021-01-01T00:00:00Z' });
    expect(closed).toMatchObject({ version: 2, invalidAt: '2021-01-01T00:00:00.000Z' });
    expect((await client.graph.facts(a)).items).toEqual([]);
    const then = await client.graph.facts(a, { validAt: '2020-06-01T00:00:00Z' });
    expect(then.items).toMatchObject([{ id, version: 2 }]);
    const before = { validAt: '2020-06-01T00:00:00Z', recordedAt: '2019-01-01T00:00:00Z' };
    expect((await client.graph.facts(a, before)).items).toEqual([]);
    const history = await client.graph.factHistory(id);
    expect(history.map(({ version, expiredAt }) => [version, expiredAt === null])).toEqual([
      [1, false],
      [2, true],
    ]);
  });

  test('needs ends that are there, of one person, and a time that runs forwards', async () => {
    const [a, ofAda, ofBob] = [
      await entity('a2'),
      await entity('x', 'ada'),
      await entity('x', 'bob'),
    ];
    const refused: [string, () => Promise<unknown>][] = [
      ['graph.entity_not_found', () => link(a, newId('entity'))],
      ['graph.entity_not_found', () => link(ofAda, ofBob)],
      ['graph.entity_not_found', () => link(ofAda, a, { userId: 'bob' })],
      ['memory.not_found', () => link(a, a, { memoryId: newId('memory') })],
      ['request.invalid', () => link(a, a, { invalidAt: '2001-01-01T00:00:00Z' })],
      ['request.invalid', () => link(a, a, { confidence: 1.1 })],
      ['graph.fact_not_found', () => client.graph.closeFact(newId('fact'))],
      ['graph.fact_not_found', () => client.graph.factHistory(newId('fact'))],
      ['graph.entity_not_found', () => client.graph.facts(newId('entity'))],
    ];
    for (const [code, ask] of refused) await expect(ask()).rejects.toMatchObject({ code });
  });

  test('of many is left out and told of', async () => {
    const [a, b] = [await entity('a3'), await entity('b3')];
    for (let index = 0; index < 3; index += 1) await link(a, b);
    expect(await client.graph.facts(a, { limit: 2 })).toMatchObject({ truncated: true });
    const all = await client.graph.facts(a, { limit: 3, predicate: 'knows' });
    expect([all.items.length, all.truncated]).toEqual([3, false]);
  });
});

describe('a walk', () => {
  test('goes as far as it may and tells where it was cut off', async () => {
    const ids = [];
    for (const name of ['w0', 'w1', 'w2', 'w3']) ids.push(await entity(name));
    const [first = '', second = '', third = '', last = ''] = ids;
    await link(first, second);
    await link(third, second);
    await link(third, last);
    const near = await client.graph.neighbourhood({ from: first, depth: 2 });
    expect(near.entities.map(({ id, depth }) => [id, depth])).toEqual([
      [first, 0],
      [second, 1],
      [third, 2],
    ]);
    expect([near.facts.length, near.truncated]).toEqual([2, false]);
    const cut = await client.graph.neighbourhood({ from: `${first},${last}`, depth: 2, limit: 2 });
    expect([cut.entities.length, cut.truncated]).toEqual([2, true]);
    const way = await client.graph.path({ from: first, to: last });
    expect(way?.entities.map(({ id }) => id)).toEqual(ids);
    expect(await client.graph.path({ from: first, to: last, depth: 2 })).toBeNull();
    const beyond = client.graph.path({ from: first, to: last, depth: LIMITS.graphDepth + 1 });
    await expect(beyond).rejects.toMatchObject({ code: 'request.invalid' });
  });

  test('for one person passes nothing of another', async () => {
    const [a, b] = [await entity('p0'), await entity('p1')];
    const hidden = await entity('ada secret', 'ada');
    const shown = await entity('bob own', 'bob');
    const secret = await link(a, hidden);
    await link(hidden, b);
    await link(a, shown);
    expect((await client.graph.factHistory(secret))[0]?.userId).toBe('ada');
    const userId = 'bob';
    const near = await client.graph.neighbourhood({ from: a, depth: 3, userId });
    expect(near.entities.map(({ id }) => id)).toEqual([a, shown]);
    expect(near.facts).toHaveLength(1);
    expect(await client.graph.path({ from: a, to: b, userId })).toBeNull();
    expect(await client.graph.path({ from: a, to: b, userId: 'ada' })).not.toBeNull();
    expect(await client.graph.findEntities({ query: 'secret', userId })).toEqual([]);
    expect((await client.graph.facts(a, { userId })).items).toHaveLength(1);
    const from = await client.graph.neighbourhood({ from: hidden, userId });
    expect(from).toMatchObject({ entities: [], facts: [] });
    for (const ask of [
      () => client.graph.getEntity(hidden, { userId }),
      () => client.graph.facts(hidden, { userId }),
      () => client.graph.factHistory(secret, { userId }),
      () => client.graph.closeFact(secret, {}, { userId }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ status: 404 });
    }
  });
});

test('another workspace reaches nothing of the graph', async () => {
  const [a, b] = [await entity('f0'), await entity('f1')];
  const fact = await link(a, b);
  const body = { sourceId: a, targetId: b, predicate: 'knows', text: '' };
  for (const ask of [
    () => stranger.graph.getEntity(a),
    () => stranger.graph.facts(a),
    () => stranger.graph.factHistory(fact),
    () => stranger.graph.closeFact(fact),
    () => stranger.graph.recordFact(body),
  ]) {
    await expect(ask()).rejects.toMatchObject({ status: 404 });
  }
  expect(await stranger.graph.findEntities({ query: 'f0' })).toEqual([]);
  expect((await stranger.graph.neighbourhood({ from: a })).entities).toEqual([]);
  expect(await stranger.graph.path({ from: a, to: b })).toBeNull();
});
