import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Entity, GraphFact, GraphMoment } from '../../contracts/graph.ts';
import type { KnowledgeGraph } from './port.ts';

/** A graph under test, and the database that is written to. */
export interface GraphBench extends AsyncDisposable {
  readonly graph: KnowledgeGraph;
  readonly record: {
    putEntities(
      workspaceId: string,
      entities: readonly {
        readonly name: string;
        readonly type: string;
        readonly userId?: string;
      }[],
    ): Promise<readonly Entity[]>;
    record(
      workspaceId: string,
      fact: Pick<GraphFact, 'sourceId' | 'targetId' | 'predicate' | 'text'> &
        Partial<Pick<GraphFact, 'confidence' | 'validAt'>>,
    ): Promise<GraphFact>;
    closeFact(
      workspaceId: string,
      close: { readonly id: string; readonly invalidAt: string },
    ): Promise<boolean>;
  };
  /** Tells the graph what the database has. */
  readonly settle: (workspaceId: string) => Promise<void>;
  readonly createWorkspace: () => Promise<string>;
  readonly now: () => Date;
  readonly wait: (ms: number) => void;
}

const DAY = 24 * 3_600_000;
const HOSTILE = [
  `'"\`)-[:X]->() DETACH DELETE e //`,
  '}) MATCH (n) DETACH DELETE n RETURN ({',
  '\\u0027 OR 1=1 -- $ns {{gen}}',
];

/** What every implementation of `KnowledgeGraph` does alike. */
export function describeKnowledgeGraph(name: string, open: () => Promise<GraphBench>): void {
  describe(`a graph in ${name}`, () => {
    let bench: GraphBench;
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

    async function entity(entityName: string, more = {}): Promise<string> {
      const one = { name: entityName, type: 'thing', ...more };
      const [made] = await bench.record.putEntities(ws, [one]);
      return made?.id ?? '';
    }
    async function entities(names: string): Promise<readonly string[]> {
      const ids: string[] = [];
      for (const one of names.split(' ')) ids.push(await entity(one));
      return ids;
    }
    const fact = (sourceId: string, targetId: string, more = {}): Promise<GraphFact> =>
      bench.record.record(ws, { sourceId, targetId, predicate: 'knows', text: 't', ...more });

    test('finds entities by words and by their beginnings, whole ones first', async () => {
      for (const one of ['Ana', 'Anabel Lee', 'Ana Lee', 'Leeds', 'Zoë 100%']) await entity(one);
      await entity('Ana of Ann', { userId: 'ann' });
      await bench.settle(ws);
      const find = async (text: string, more = {}) =>
        (await graph.findEntities(ws, { text, limit: 10, viewerId: 'bob', ...more })).map(
          (found) => found.name,
        );
      expect(await find('ana')).toEqual(['Ana', 'Ana Lee', 'Anabel Lee']);
      expect(await find('LEE ana')).toEqual(['Ana Lee', 'Anabel Lee', 'Ana', 'Leeds']);
      expect(await find('zo')).toEqual(['Zoë 100%']);
      expect(await find('ana', { type: 'person' })).toEqual([]);
      expect(await find('ana', { limit: 1 })).toEqual(['Ana']);
      expect(await find('ann', { viewerId: 'ann' })).toEqual(['Ana of Ann']);
      expect(await find('ann')).toEqual([]);
      expect(await find('%')).toEqual([]);
    });

    test('tells what was so at a moment, as it was known at another', async () => {
      const [ann = '', rome = ''] = await entities('Ann Rome');
      const start = bench.now().getTime();
      const { id } = await fact(ann, rome, { predicate: 'lives in' });
      bench.wait(10 * DAY);
      const moved = new Date(start + 5 * DAY).toISOString();
      await bench.record.closeFact(ws, { id, invalidAt: moved });
      bench.wait(DAY);
      await bench.settle(ws);
      const day = (days: number) => new Date(start + days * DAY).toISOString();
      const lived = async (moment: GraphMoment) => {
        const request = { entityId: rome, predicate: 'lives in', ...moment };
        return (await graph.facts(ws, request)).map(({ version }) => version);
      };
      expect(await lived({})).toEqual([]);
      expect(await lived({ validAt: day(2) })).toEqual([2]);
      expect(await lived({ validAt: day(7) })).toEqual([]);
      expect(await lived({ validAt: day(7), recordedAt: day(8) })).toEqual([1]);
      expect(await lived({ validAt: day(7), recordedAt: day(10) })).toEqual([]);
      expect(await lived({ validAt: day(2), recordedAt: day(-1) })).toEqual([]);
      const other = { entityId: rome, predicate: 'left', validAt: day(2) };
      expect(await graph.facts(ws, other)).toEqual([]);
      expect(await graph.facts(ws, { entityId: ann, validAt: day(2), recordedAt: day(8) })).toEqual(
        [expect.objectContaining({ id, validAt: day(0), invalidAt: null, expiredAt: day(10) })],
      );
    });

    test('goes both ways, as far as it may, and tells if that cut something off', async () => {
      const [a = '', b = '', c = '', d = '', e = ''] = await entities('a b c d e');
      await fact(a, b);
      await fact(c, b);
      await fact(c, d);
      await fact(d, a);
      await fact(d, e);
      await bench.settle(ws);
      const near = async (depth: number, limit = 10) => {
        const found = await graph.neighbourhood(ws, { from: [a, a, 'nobody'], depth, limit });
        const names = found.entities.map((one) => `${one.name}${one.depth}`).join(' ');
        return [names, found.facts.length, found.truncated];
      };
      expect(await near(0)).toEqual(['a0', 0, false]);
      expect(await near(1)).toEqual(['a0 b1 d1', 2, false]);
      expect(await near(2)).toEqual(['a0 b1 d1 c2 e2', 5, false]);
      expect(await near(2, 3)).toEqual(['a0 b1 d1', 2, true]);
      expect(await near(9)).toEqual(['a0 b1 d1 c2 e2', 5, false]);
    });

    test('finds a shortest way by the surest facts, or none', async () => {
      const [a = '', b = '', c = '', d = '', far = ''] = await entities('a b c d far');
      await fact(a, b, { confidence: 0.5 });
      const sure = await fact(b, a, { confidence: 0.9 });
      await fact(b, c);
      await fact(c, d);
      const last = await fact(d, b);
      await bench.settle(ws);
      const path = await graph.path(ws, { from: a, to: d, depth: 4 });
      expect(path?.entities.map(({ id }) => id)).toEqual([a, b, d]);
      expect(path?.facts).toEqual([sure, last]);
      expect(await graph.path(ws, { from: a, to: d, depth: 1 })).toBeNull();
      expect(await graph.path(ws, { from: a, to: far, depth: 6 })).toBeNull();
      expect(await graph.path(ws, { from: a, to: 'nobody', depth: 6 })).toBeNull();
      expect(await graph.path(ws, { from: a, to: a, depth: 3 })).toMatchObject({ facts: [] });
    });

    test('ranks what is near by how much it has to do with the beginning', async () => {
      const [a = '', b = '', c = '', d = ''] = await entities('a b c d');
      await fact(a, b);
      await fact(a, c, { confidence: 0.2 });
      await fact(b, d);
      await bench.settle(ws);
      const ranked = await graph.rank(ws, { from: [a], depth: 3, limit: 10 });
      // More ways lead by b than by a, whose second one is unsure.
      expect(ranked.map(({ entity: { name: found } }) => found)).toEqual(['b', 'a', 'd', 'c']);
      expect(ranked.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 9);
      expect(await graph.rank(ws, { from: ['nobody'], depth: 3, limit: 10 })).toEqual([]);
    });

    test('shows nobody what tells of somebody else', async () => {
      const [a = '', b = ''] = await entities('a b');
      const own = await entity('diary', { userId: 'ann' });
      await fact(a, own);
      await fact(own, b);
      await bench.settle(ws);
      const reach = async (viewerId: string) => {
        const request = { from: [a], depth: 3, limit: 9, viewerId };
        const near = await graph.neighbourhood(ws, request);
        const path = await graph.path(ws, { from: a, to: b, depth: 3, viewerId });
        const facts = await graph.facts(ws, { entityId: a, viewerId });
        return [near.entities.length, near.facts.length, path !== null, facts.length];
      };
      expect(await reach('ann')).toEqual([3, 2, true, 1]);
      expect(await reach('bob')).toEqual([1, 0, false, 0]);
    });

    test('takes quotes and statements in names, types, predicates and texts for what they are', async () => {
      const safe = await entity('safe');
      for (const text of HOSTILE) {
        const id = await entity(`mark ${text}`, { type: text });
        await fact(safe, id, { predicate: text, text });
      }
      await bench.settle(ws);
      for (const text of HOSTILE) {
        const found = await graph.findEntities(ws, { text: `mark ${text}`, type: text, limit: 1 });
        expect(found).toMatchObject([{ name: `mark ${text}`, type: text }]);
        const facts = await graph.facts(ws, { entityId: safe, predicate: text });
        expect(facts).toMatchObject([{ predicate: text, text }]);
        expect(await graph.facts(ws, { entityId: text })).toEqual([]);
        expect(await graph.findEntities(text, { text: 'mark', limit: 9 })).toEqual([]);
      }
      const all = { from: [safe, ...HOSTILE], depth: 1, limit: 9 };
      expect((await graph.neighbourhood(ws, all)).entities).toHaveLength(4);
      expect(await graph.stats(ws)).toEqual({ entities: 4, factVersions: 3 });
    });

    test('reaches nothing of another workspace', async () => {
      const [mine = '', friend = ''] = await entities('mine friend');
      await fact(mine, friend);
      await bench.settle(ws);
      const there = await bench.createWorkspace();
      await bench.record.putEntities(there, [{ name: 'theirs', type: 'thing' }]);
      await bench.settle(there);
      expect(await graph.facts(there, { entityId: mine })).toEqual([]);
      expect(await graph.findEntities(there, { text: 'mine', limit: 9 })).toEqual([]);
      const near = await graph.neighbourhood(there, { from: [mine], depth: 2, limit: 9 });
      expect(near).toEqual({ entities: [], facts: [], truncated: false });
      expect(await graph.path(there, { from: mine, to: friend, depth: 2 })).toBeNull();
      expect(await graph.stats(there)).toEqual({ entities: 1, factVersions: 0 });
      expect(await graph.facts(ws, { entityId: mine })).toHaveLength(1);
    });
  });
}
