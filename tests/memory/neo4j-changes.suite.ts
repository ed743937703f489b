import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { connect, type Neo4jSettings } from '../../adapters/knowledge-graph/neo4j/connection.ts';
import { ENTITY, FACT } from '../../adapters/knowledge-graph/neo4j/schema.ts';
import type { Entity, GraphFact, GraphItem } from '../../contracts/graph.ts';
import { createSqlGraph } from '../../adapters/knowledge-graph/sql-graph.ts';
import type { KnowledgeGraph } from '../../adapters/knowledge-graph/port.ts';
import { itemsOf, type SqlBench } from './graph-bench.ts';
import { LIMITS } from '../../contracts/limits.ts';

const DAY = 24 * 3_600_000;
const T0 = Date.parse('2025-01-01T00:00:00Z');

function day(days: number): string {
  return new Date(T0 + days * DAY).toISOString();
}

function entityItem(id: string, version: number, more: Partial<Entity> = {}): GraphItem {
  const base = { workspaceId: '', name: id, type: 'thing', summary: '', userId: null };
  return { kind: 'entity', entity: { ...base, id, version, createdAt: day(0), ...more } };
}

function factItem(id: string, version: number, more: Partial<GraphFact> = {}): GraphItem {
  const source = { memoryId: null, runId: null, messageId: null, userId: null };
  const ends = { sourceId: 'a', targetId: 'b', predicate: 'knows', text: 't', confidence: 1 };
  const times = { validAt: day(0), invalidAt: null, recordedAt: day(0), expiredAt: null };
  const fact = { ...source, ...ends, ...times, workspaceId: '', id, version, ...more };
  return { kind: 'fact', fact };
}

/** A small generator of numbers: the same graph in every run. */
function randomBelow(): (limit: number) => number {
  let state = 7;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

/** What Neo4j makes of changes as they come. */
export function describeChanges(open: () => Promise<SqlBench>, settings: Neo4jSettings): void {
  describe('a copy of the graph', () => {
    let bench: SqlBench;
    let graph: KnowledgeGraph;
    let ws: string;

    beforeAll(async () => {
      bench = await open();
      graph = bench.graph;
    });
    beforeEach(async () => {
      ws = await bench.createWorkspace();
    });
    afterAll(async () => {
      await bench[Symbol.asyncDispose]();
    });

    test('has the highest version of an entity, whatever came last', async () => {
      const named = (version: number, name: string) => entityItem('a', version, { name });
      await graph.apply(ws, [named(2, 'second two'), named(1, 'first')]);
      await graph.apply(ws, [named(1, 'first')]);
      const find = async (text: string) =>
        (await graph.findEntities(ws, { text, limit: 5 })).map(({ version }) => version);
      expect([await find('first'), await find('second')]).toEqual([[], [2]]);
      await graph.apply(ws, [named(3, 'third')]);
      expect([await find('second'), await find('third')]).toEqual([[], [3]]);
      expect(await graph.stats(ws)).toEqual({ entities: 1, factVersions: 0 });
    });

    test('knows each version of a fact for its time, in whatever order they came', async () => {
      await graph.apply(ws, [entityItem('a', 1), entityItem('b', 1)]);
      const versions = [
        factItem('f', 1, { text: 'one' }),
        factItem('f', 2, { text: 'two', recordedAt: day(10) }),
        factItem('f', 3, { text: 'three', recordedAt: day(20) }),
      ];
      const known = async (recordedAt?: string) => {
        const request = { entityId: 'a', ...(recordedAt === undefined ? {} : { recordedAt }) };
        return (await graph.facts(ws, request)).map(({ text }) => text).join();
      };
      for (const order of [[2], [0, 2], [1], [0, 0, 1]]) {
        await graph.apply(
          ws,
          order.flatMap((index) => versions[index] ?? []),
        );
        expect(await known()).toBe('three');
      }
      expect(await known(day(5))).toBe('one');
      expect(await known(day(15))).toBe('two');
      expect(await known(day(25))).toBe('three');
      expect(await graph.stats(ws)).toEqual({ entities: 2, factVersions: 3 });
    });

    test('shows a fact once both of its ends are there', async () => {
      await graph.apply(ws, [entityItem('a', 1), factItem('f', 1)]);
      expect(await graph.facts(ws, { entityId: 'a' })).toEqual([]);
      const near = () => graph.neighbourhood(ws, { from: ['a', 'b'], depth: 2, limit: 9 });
      expect((await near()).entities.map(({ id }) => id)).toEqual(['a']);
      expect(await graph.stats(ws)).toEqual({ entities: 1, factVersions: 1 });
      await graph.apply(ws, [entityItem('b', 1)]);
      expect(await graph.facts(ws, { entityId: 'a' })).toHaveLength(1);
      expect((await near()).entities.map(({ id }) => id)).toEqual(['a', 'b']);
    });

    test('does not bring back what was removed, and is not told twice', async () => {
      const all = [entityItem('a', 1), entityItem('b', 1), entityItem('c', 1)];
      const facts = [factItem('f', 1), factItem('g', 1, { targetId: 'c' })];
      await graph.apply(ws, [...all, ...facts]);
      const removals = [
        { kind: 'fact', id: 'f', version: 3 },
        { kind: 'entity', id: 'b', version: 2 },
        { kind: 'entity', id: 'unknown', version: 2 },
      ] as const;
      await graph.remove(ws, removals);
      await graph.remove(ws, removals);
      await graph.apply(ws, [...all, ...facts, factItem('f', 2)]);
      expect(await graph.stats(ws)).toEqual({ entities: 2, factVersions: 1 });
      expect(await graph.findEntities(ws, { text: 'b', limit: 9 })).toEqual([]);
      expect((await graph.facts(ws, { entityId: 'a' })).map(({ id }) => id)).toEqual(['g']);
    });

    test('cuts off a walk that would take too many steps, and tells', async () => {
      const entity = { version: 1, name: '', type: '', summary: '', createdAt: '', words: 0 };
      const times = { validAt: T0, recordedAt: T0 };
      const fact = { version: 1, predicate: '', text: '', confidence: 1, ...times };
      const rays = LIMITS.graphRows + 50;
      const ids = Array.from({ length: rays }, (_, i) => `ray_${String(i).padStart(6, '0')}`);
      await graph.apply(ws, [entityItem('a', 1)]);
      await using connection = connect(settings);
      // By one statement: ten thousand changes would take their time.
      await connection.write((run) =>
        run(
          `MATCH (a:${ENTITY} {ns: $ns, id: 'a'}) UNWIND $ids AS id
           CREATE (a)-[f:${FACT} {ns: $ns, gen: a.gen, id: 'f_' + id}]->
             (e:${ENTITY} {ns: $ns, gen: a.gen, id: id})
           SET e += $entity, f += $fact`,
          { ns: ws, ids, entity, fact },
        ),
      );
      const near = await graph.neighbourhood(ws, { from: ['a'], depth: 6, limit: 1_000_000 });
      expect(near.truncated).toBe(true);
      expect(near.entities).toHaveLength(LIMITS.graphRows);
      expect(near.facts.length).toBeLessThanOrEqual(LIMITS.graphRows);
      expect(await graph.facts(ws, { entityId: 'a' })).toHaveLength(LIMITS.graphRows);
      const few = await graph.facts(ws, { entityId: 'a', limit: 2 });
      expect(few.map(({ id }) => id)).toEqual(ids.slice(0, 2).map((id) => `f_${id}`));
    });

    test('answers as the database does, of any part and any moment of a graph', async () => {
      const pick = randomBelow();
      const people = ['ann', 'bob', undefined, undefined];
      const start = bench.now().getTime();
      const named = Array.from({ length: 40 }, (_, i) => {
        const userId = people[pick(people.length)];
        const name = `thing${i % 9} part ${i}`;
        return { name, type: `t${i % 3}`, ...(userId === undefined ? {} : { userId }) };
      });
      const ids = (await bench.store.putEntities(ws, named)).map(({ id }) => id);
      for (let i = 0; i < 90; i += 1) {
        const [sourceId = '', targetId = ''] = [ids[pick(40)], ids[pick(40)]];
        const rest = { predicate: `p${pick(3)}`, text: `t${i}`, confidence: pick(10) / 10 };
        const { id } = await bench.store.record(ws, { sourceId, targetId, ...rest });
        bench.wait(DAY);
        const invalidAt = bench.now().toISOString();
        if (pick(3) === 0) await bench.store.closeFact(ws, { id, invalidAt });
      }
      const items = [...(await itemsOf(bench.store, ws))].sort(() => pick(3) - 1);
      for (const item of items) if (pick(2) === 0) await graph.apply(ws, [item]);
      await graph.apply(ws, items);

      const truth = createSqlGraph(bench.store);
      const moment = () => new Date(start + pick(95) * DAY).toISOString();
      for (let i = 0; i < 40; i += 1) {
        const [from = '', to = ''] = [ids[pick(40)], ids[pick(40)]];
        const view = {
          ...(pick(2) === 0 ? {} : { viewerId: 'ann' }),
          ...(pick(2) === 0 ? {} : { validAt: moment() }),
          ...(pick(2) === 0 ? {} : { recordedAt: moment() }),
        };
        const near = { from: [from, to], depth: pick(4), limit: 1 + pick(40), ...view };
        const ask = async (one: KnowledgeGraph) => ({
          near: await one.neighbourhood(ws, near),
          rank: await one.rank(ws, near),
          path: await one.path(ws, { from, to, depth: 4, ...view }),
          facts: await one.facts(ws, { entityId: from, ...view }),
          found: await one.findEntities(ws, { text: `thing${pick(9)} p`, limit: 20 }),
        });
        const seen = await ask({ ...graph, findEntities: () => Promise.resolve([]) });
        const wanted = await ask({ ...truth, findEntities: () => Promise.resolve([]) });
        expect(seen).toEqual(wanted);
        const search = { text: `thing${pick(9)} p ${pick(40)}`, limit: 1 + pick(20) };
        expect(await graph.findEntities(ws, search)).toEqual(await truth.findEntities(ws, search));
      }
      expect(await graph.stats(ws)).toEqual(await truth.stats(ws));
    });
  });
}
