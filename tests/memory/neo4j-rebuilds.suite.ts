import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { GraphItem } from '../../contracts/graph.ts';
import type { KnowledgeGraph } from '../../adapters/knowledge-graph/port.ts';
import { itemsOf, type SqlBench } from './graph-bench.ts';

/** Lets a test act after a rebuild has read some of its items. */
async function* during(
  items: readonly GraphItem[],
  act: () => Promise<unknown>,
): AsyncGenerator<GraphItem> {
  const half = Math.floor(items.length / 2);
  yield* items.slice(0, half);
  await act();
  yield* items.slice(half);
}

/** How a copy of the graph is replaced while it is used. */
export function describeRebuilds(open: () => Promise<SqlBench>): void {
  describe('a rebuild', () => {
    let bench: SqlBench;
    let graph: KnowledgeGraph;
    let ws: string;
    let ids: readonly string[];

    beforeAll(async () => {
      bench = await open();
      graph = bench.graph;
    });
    beforeEach(async () => {
      ws = await bench.createWorkspace();
      const named = ['a', 'b', 'c', 'd'].map((name) => ({ name, type: 'thing' }));
      ids = (await bench.store.putEntities(ws, named)).map(({ id }) => id);
      for (const targetId of ids.slice(1)) await know(ids[0] ?? '', targetId);
    });
    afterAll(async () => {
      await bench[Symbol.asyncDispose]();
    });

    const know = (sourceId: string, targetId: string) =>
      bench.store.record(ws, { sourceId, targetId, predicate: 'knows', text: 't' });
    const seen = async () => ({
      near: await graph.neighbourhood(ws, { from: ids, depth: 2, limit: 100 }),
      found: await graph.findEntities(ws, { text: 'a', limit: 9 }),
      stats: await graph.stats(ws),
    });

    test('gives what was there before', async () => {
      await bench.settle(ws);
      const before = await seen();
      expect(before.stats).toEqual({ entities: 4, factVersions: 3 });
      expect(await graph.rebuild(ws, bench.store.export(ws))).toEqual(before.stats);
      expect(await seen()).toEqual(before);
      await graph.drop(ws);
      expect((await seen()).stats).toEqual({ entities: 0, factVersions: 0 });
      await graph.rebuild(ws, bench.store.export(ws));
      expect(await seen()).toEqual(before);
    });

    test('shows the old graph until it is whole, and misses no change meanwhile', async () => {
      await bench.settle(ws);
      const before = await seen();
      const items = await itemsOf(bench.store, ws);
      const [first] = before.near.facts;
      const counts = await graph.rebuild(
        ws,
        during(items, async () => {
          expect(await seen()).toEqual(before);
          const [late] = await bench.store.putEntities(ws, [{ name: 'late', type: 'thing' }]);
          await know(ids[0] ?? '', late?.id ?? '');
          const invalidAt = bench.now().toISOString();
          await bench.store.closeFact(ws, { id: first?.id ?? '', invalidAt });
          await bench.settle(ws);
          const gone = [{ kind: 'entity', id: ids[3] ?? '', version: 2 }] as const;
          await graph.remove(ws, gone);
          expect((await seen()).found.length).toBe(1);
        }),
      );
      expect(counts.entities).toBe(4);
      const names = (await seen()).near.entities.map(({ name }) => name);
      expect(names.sort()).toEqual(['a', 'b', 'c', 'late']);
      expect(await graph.findEntities(ws, { text: 'late', limit: 1 })).toHaveLength(1);
      expect(await graph.findEntities(ws, { text: 'd', limit: 1 })).toEqual([]);
      const facts = await graph.facts(ws, { entityId: ids[0] ?? '' });
      expect(facts.map(({ id }) => id)).not.toContain(first?.id);
    });

    test('that fails, or that another one overtakes, leaves nothing of itself', async () => {
      await bench.settle(ws);
      const before = await seen();
      const items = await itemsOf(bench.store, ws);
      const broken = during(items, () => Promise.reject(new Error('the source broke')));
      await expect(graph.rebuild(ws, broken)).rejects.toThrow('the source broke');
      expect(await seen()).toEqual(before);

      const whole = during(items, () => Promise.resolve());
      const slow = during(items, () => graph.rebuild(ws, whole));
      const code = 'knowledge_graph.rebuild_superseded';
      await expect(graph.rebuild(ws, slow)).rejects.toMatchObject({ code });
      expect(await seen()).toEqual(before);
      const dropped = during(items, () => graph.drop(ws));
      await expect(graph.rebuild(ws, dropped)).rejects.toMatchObject({ code });
      expect((await seen()).stats).toEqual({ entities: 0, factVersions: 0 });
    });

    test('and a drop keep away from other workspaces', async () => {
      await bench.settle(ws);
      const before = await seen();
      const other = await bench.createWorkspace();
      await bench.store.putEntities(other, [{ name: 'a', type: 'thing' }]);
      await graph.rebuild(other, bench.store.export(other));
      await graph.drop(other);
      await graph.remove(
        other,
        ids.map((id) => ({ kind: 'entity', id, version: 9 })),
      );
      expect(await seen()).toEqual(before);
    });
  });
}
