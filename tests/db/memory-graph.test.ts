import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createGraphStore, type GraphStore } from '../../db/stores/graph-store.ts';
import { DAY, openMemoryBench, type MemoryBench } from './memory-bench.ts';
import { createTenant } from './fixtures.ts';
import type { GraphFact } from '../../contracts/graph.ts';
import { sql } from 'kysely';

let bench: MemoryBench;
let graph: GraphStore;
/** A workspace of each test's own. */
let ws: string;

beforeAll(async () => {
  bench = await openMemoryBench();
  graph = createGraphStore(bench.schema.database, bench.now);
});

beforeEach(async () => {
  ws = (await createTenant(bench.stores)).workspaceId;
});

afterAll(() => bench.schema.drop());

async function entity(name: string): Promise<string> {
  const [made] = await graph.putEntities(ws, [{ name, type: 'thing' }]);
  return made?.id ?? '';
}

async function fact(sourceId: string, targetId: string, more = {}): Promise<GraphFact> {
  return graph.record(ws, { sourceId, targetId, predicate: 'knows', text: 't', ...more });
}

describe('an entity', () => {
  test('is one by its name and type, whoever writes it at once', async () => {
    const names = ['Ada  Lovelace', 'Bob', 'Čapek', 'ada lovelace'];
    const writes = Array.from({ length: 6 }, (_, i) =>
      graph.putEntities(
        ws,
        (i % 2 === 0 ? names : names.toReversed()).map((name) => ({ name, type: 'person' })),
      ),
    );
    const ids = (await Promise.all(writes)).flat().map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    const entity = { name: 'ADA LOVELACE', type: 'person', summary: 'wrote programs' };
    const [ada] = await graph.putEntities(ws, [entity]);
    expect(ada).toMatchObject({ summary: 'wrote programs', version: 2 });
    const [same] = await graph.putEntities(ws, [{ name: 'Ada Lovelace', type: 'person' }]);
    expect(same).toEqual(ada);
    const [other] = await graph.putEntities(ws, [{ ...entity, userId: 'u1' }]);
    expect(ids).not.toContain(other?.id);
  });

  test('is found by words and by their beginnings, whole ones first', async () => {
    for (const name of ['Ana', 'Anabel Lee', 'Ana Lee', 'Leeds', 'Zoë 100%']) await entity(name);
    const find = async (text: string, more = {}) =>
      (await graph.findEntities(ws, { text, limit: 10, ...more })).map(({ name }) => name);
    expect(await find('ana')).toEqual(['Ana', 'Ana Lee', 'Anabel Lee']);
    expect(await find('LEE ana')).toEqual(['Ana Lee', 'Anabel Lee', 'Ana', 'Leeds']);
    expect(await find('zo')).toEqual(['Zoë 100%']);
    expect(await find('ana', { type: 'person' })).toEqual([]);
    expect(await find('ana', { limit: 1 })).toEqual(['Ana']);
    expect(await find('%')).toEqual([]);
  });
});

describe('a fact', () => {
  test('that ends is kept as it was known before', async () => {
    const [ann, rome] = [await entity('Ann'), await entity('Rome')];
    const start = bench.now().toISOString();
    const { id } = await fact(ann, rome, { predicate: 'lives in', key: 'f1' });
    expect((await fact(ann, rome, { key: 'f1' })).id).toBe(id);
    bench.wait(10 * DAY);
    const learnt = bench.now().toISOString();
    const moved = new Date(bench.now().getTime() - 5 * DAY).toISOString();
    const closes = [1, 2, 3, 4].map(() => graph.closeFact(ws, { id, invalidAt: moved }));
    expect((await Promise.all(closes)).filter(Boolean)).toHaveLength(1);
    expect(await graph.factHistory(ws, id)).toMatchObject([
      { version: 1, validAt: start, invalidAt: null, recordedAt: start, expiredAt: learnt },
      { version: 2, validAt: start, invalidAt: moved, recordedAt: learnt, expiredAt: null },
    ]);
    expect(await fact(ann, rome, { key: 'f1' })).toMatchObject({ id, version: 2 });

    bench.wait(DAY);
    const lived = async (moment: object) =>
      (await graph.facts(ws, { entityId: rome, predicate: 'lives in', ...moment })).length;
    const day = (days: number) => new Date(Date.parse(start) + days * DAY).toISOString();
    expect(await lived({})).toBe(0);
    expect(await lived({ validAt: day(2) })).toBe(1);
    expect(await lived({ validAt: day(7) })).toBe(0);
    // What was so on day seven, as it was known on day eight.
    expect(await lived({ validAt: day(7), recordedAt: day(8) })).toBe(1);
    expect(await lived({ validAt: day(7), recordedAt: day(10) })).toBe(0);
    expect(await lived({ validAt: day(2), recordedAt: day(-1) })).toBe(0);
  });

  test('has both ends in its own workspace', async () => {
    const mine = await entity('mine');
    const { workspaceId: there } = await createTenant(bench.stores);
    const [theirs] = await graph.putEntities(there, [{ name: 'theirs', type: 'thing' }]);
    const code = 'graph.entity_not_found';
    await expect(fact(mine, theirs?.id ?? '')).rejects.toMatchObject({ code });
    const { id } = await fact(mine, mine);
    const invalidAt = bench.now().toISOString();
    expect(await graph.closeFact(there, { id, invalidAt })).toBe(false);
    expect(await graph.factHistory(there, id)).toEqual([]);
    expect(await graph.facts(there, { entityId: mine })).toEqual([]);
    expect(await graph.getEntities(there, [mine])).toEqual([]);
    expect(await graph.findEntities(there, { text: 'mine', limit: 9 })).toEqual([]);
    const near = await graph.neighbourhood(there, { from: [mine], depth: 2, limit: 9 });
    expect(near).toEqual({ entities: [], facts: [], truncated: false });
    expect(await graph.path(there, { from: mine, to: mine, depth: 2 })).toBeNull();
  });
});

describe('a walk', () => {
  test('goes both ways, as far as it may, and shows the facts among what it reached', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) ids.push(await entity(name));
    const [a = '', b = '', c = '', d = '', e = ''] = ids;
    await fact(a, b);
    await fact(c, b);
    await fact(c, d);
    await fact(d, a);
    await fact(d, e, { invalidAt: new Date(bench.now().getTime() + DAY).toISOString() });
    const near = async (more = {}) => {
      const found = await graph.neighbourhood(ws, { from: [a], depth: 1, limit: 10, ...more });
      const names = found.entities.map(({ name, depth }) => `${name}${depth}`);
      return { names: names.sort(), facts: found.facts.length, truncated: found.truncated };
    };
    expect(await near()).toEqual({ names: ['a0', 'b1', 'd1'], facts: 2, truncated: false });
    expect(await near({ depth: 2 })).toEqual({
      names: ['a0', 'b1', 'c2', 'd1', 'e2'],
      facts: 5,
      truncated: false,
    });
    expect(await near({ depth: 2, limit: 3 })).toEqual({
      names: ['a0', 'b1', 'd1'],
      facts: 2,
      truncated: true,
    });
    bench.wait(DAY);
    expect((await near({ depth: 9 })).names).not.toContain('e2');
    const earlier = new Date(bench.now().getTime() - DAY).toISOString();
    expect((await near({ depth: 2, validAt: earlier })).names).toContain('e2');
  });

  test('finds a shortest way, or none', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'far']) ids.push(await entity(name));
    const [a = '', b = '', c = '', d = '', far = ''] = ids;
    const ab = await fact(a, b);
    await fact(b, c);
    await fact(c, d);
    const db = await fact(d, b);
    const path = await graph.path(ws, { from: a, to: d, depth: 4 });
    expect(path?.entities.map(({ id }) => id)).toEqual([a, b, d]);
    expect(path?.facts.map(({ id }) => id)).toEqual([ab.id, db.id]);
    expect(await graph.path(ws, { from: a, to: d, depth: 1 })).toBeNull();
    expect(await graph.path(ws, { from: a, to: far, depth: 6 })).toBeNull();
    expect(await graph.path(ws, { from: a, to: a, depth: 3 })).toMatchObject({ facts: [] });
  });

  test('through a large graph is bounded', async () => {
    const { kysely } = bench.schema.database;
    // The large one takes half a minute: it is for measuring.
    const entities = process.env.HOLDFAST_TEST_LARGE_GRAPH === undefined ? 4_000 : 20_000;
    const facts = 3 * entities;
    await sql`
      insert into kg_entities (workspace_id, id, name, name_key, type, summary, words)
      select ${ws}, 'ent_' || i, 'thing ' || i, 'thing ' || i, 'thing', '', 2
      from generate_series(1, ${entities}::int) i`.execute(kysely);
    await sql`
      insert into kg_entity_words (workspace_id, word, entity_id)
      select ${ws}, w, 'ent_' || i from generate_series(1, ${entities}::int) i,
        unnest(array['thing', i::text]) w`.execute(kysely);
    // Spread by a fixed rule: the graph is the same in every run.
    await sql`
      insert into kg_facts (workspace_id, id, version, src, dst, predicate, text, confidence,
        valid_at, recorded_at)
      select ${ws}, 'fact_' || i, 1, 'ent_' || (1 + i % ${entities}::int),
        'ent_' || (1 + (i::bigint * 7919 + i / 3 * 104729) % ${entities}::int), 'knows', 't', 1,
        ${bench.now()}, ${bench.now()}
      from generate_series(1, ${facts}::int) i`.execute(kysely);
    await sql`analyze kg_entities, kg_facts, kg_entity_words`.execute(kysely);
    const timed = async <T>(what: string, ask: (i: number) => Promise<T>): Promise<T> => {
      let last = await ask(1);
      const times: number[] = [];
      for (let i = 2; i < 12; i += 1) {
        const begin = performance.now();
        last = await ask(i * 97);
        times.push(performance.now() - begin);
      }
      const [median = 0] = times.sort((x, y) => x - y).slice(5);
      process.stdout.write(`graph of ${entities}/${facts}: ${what} ${median.toFixed(1)} ms\n`);
      return last;
    };
    const counts: number[] = [];
    for (const depth of [1, 2, 3]) {
      const near = await timed(`${depth} hops`, (i) =>
        graph.neighbourhood(ws, { from: [`ent_${i}`], depth, limit: 500 }),
      );
      counts.push(near.entities.length);
    }
    expect(counts).toEqual(counts.toSorted((x, y) => x - y));
    const path = await timed('path within 4', (i) =>
      graph.path(ws, { from: `ent_${i}`, to: `ent_${((i * 7919) % entities) + 1}`, depth: 4 }),
    );
    expect(path === null || path.facts.length <= 4).toBe(true);
    await timed('search', (i) => graph.findEntities(ws, { text: `thing ${i}`, limit: 10 }));
    // A star: one hop from its middle is more than a walk may take.
    await sql`
      insert into kg_facts (workspace_id, id, version, src, dst, predicate, text, confidence,
        valid_at, recorded_at)
      select ${ws}, 'ray_' || i, 1, 'ent_1', 'ent_' || i, 'knows', 't', 1, ${bench.now()},
        ${bench.now()} from generate_series(2, ${entities}::int) i`.execute(kysely);
    const all = await graph.neighbourhood(ws, { from: ['ent_1'], depth: 6, limit: 100_000 });
    expect(all.truncated).toBe(true);
    expect(all.entities.length).toBeLessThanOrEqual(10_000);
  });
});
