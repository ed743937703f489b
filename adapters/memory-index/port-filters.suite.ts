import { beforeEach, describe, expect, test } from '@jest/globals';
import { at, entryOf, queryOf, streamOf, useIndexBench } from './index-bench.suite.ts';
import type { IndexEntry, IndexFilter, MemoryIndex } from './port.ts';

/** How every index filters, and keeps workspaces apart. */
export function describeFilters(name: string, open: () => Promise<MemoryIndex>): void {
  describe(`${name} and filters`, () => {
    const bench = useIndexBench(open);

    const FILTERS: readonly (readonly [string, IndexFilter, string])[] = [
      ['equal text', { field: 'user', in: ['u1'] }, 'a c'],
      ['any of several', { field: 'user', in: ['u2', 'u9'] }, 'b'],
      ['a member of a list', { field: 'tags', in: ['red'] }, 'a b'],
      ['truth', { field: 'pinned', in: [true] }, 'b'],
      ['a range, its end left out', { field: 'year', atLeast: 2020, below: 2022 }, 'a b'],
      ['an open range', { field: 'year', atLeast: 2021 }, 'b c'],
      ['a number, not its text', { field: 'year', in: ['2020'] }, ''],
      ['a missing field', { field: 'nothing', in: ['u1'] }, ''],
      ['the opposite of a missing field', { not: { field: 'nothing', in: ['u1'] } }, 'a b c'],
      [
        'all',
        {
          all: [
            { field: 'user', in: ['u1'] },
            { field: 'year', below: 2021 },
          ],
        },
        'a',
      ],
      [
        'any',
        {
          any: [
            { field: 'user', in: ['u2'] },
            { field: 'year', atLeast: 2022 },
          ],
        },
        'b c',
      ],
      ['all of nothing', { all: [] }, 'a b c'],
      ['any of nothing', { any: [] }, ''],
      ['a denial within', { all: [{ not: { field: 'tags', in: ['blue'] } }] }, 'a c'],
    ];

    test.each(FILTERS)('filters by %s, in words and directions', async (_title, filter, ids) => {
      const both = { text: 'violin', vectors: [at(0)] };
      await bench.add(
        entryOf('a', { ...both, attributes: { user: 'u1', year: 2020, tags: ['red'] } }),
        entryOf('b', {
          ...both,
          attributes: { user: 'u2', year: 2021, tags: ['red', 'blue'], pinned: true },
        }),
        entryOf('c', { ...both, attributes: { user: 'u1', year: 2022 } }),
      );
      const found = ids.split(' ').filter((id) => id !== '');
      expect(await bench.find({ text: 'violin', filter })).toEqual(found);
      expect(await bench.find({ vector: at(0), filter })).toEqual(found);
    });

    test('what is hidden lends its neighbours nothing', async () => {
      const place = (position: number): IndexEntry['session'] => ({ id: 's', position });
      await bench.add(
        entryOf('hidden', { text: 'violin', session: place(1), attributes: { user: 'u2' } }),
        entryOf('seen', { text: 'yes', session: place(2), attributes: { user: 'u1' } }),
      );
      expect(await bench.find({ text: 'violin', filter: { field: 'user', in: ['u1'] } })).toEqual(
        [],
      );
    });

    test('refuses filters without end', async () => {
      let filter: IndexFilter = { field: 'user', in: ['u1'] };
      for (let depth = 0; depth < 20; depth += 1) filter = { not: filter };
      await expect(bench.find({ text: 'violin', filter })).rejects.toMatchObject({
        code: 'memory.invalid',
      });
      const wide: IndexFilter = { any: Array.from({ length: 300 }, () => ({ all: [] })) };
      await expect(bench.find({ text: 'violin', filter: wide })).rejects.toMatchObject({
        code: 'memory.invalid',
      });
    });
  });

  describe(`${name} and workspaces`, () => {
    const bench = useIndexBench(open);

    beforeEach(async () => {
      const both = { text: 'violin', vectors: [at(0)] };
      await bench.index.upsert(bench.alpha, [
        entryOf('a', { ...both, attributes: { workspaceId: bench.beta } }),
      ]);
      await bench.index.upsert(bench.beta, [
        entryOf('b', { ...both, attributes: { workspaceId: bench.alpha, ns: bench.alpha } }),
        entryOf('shared', both),
      ]);
    });

    test('finds nothing of another workspace', async () => {
      expect(await bench.find({ text: 'violin' })).toEqual(['a']);
      expect(await bench.find({ vector: at(0) })).toEqual(['a']);
      expect(await bench.find({ text: 'violin' }, 'ws_empty')).toEqual([]);
      expect(await bench.index.stats('ws_empty')).toMatchObject({ entries: { dialogue: 0 } });
    });

    test.each(['workspaceId', 'workspace_id', 'ns', 'tenant', 'id'])(
      'no filter on %s reaches another workspace',
      async (field) => {
        const own: IndexFilter = { field, in: [bench.alpha, bench.beta, 'b'] };
        for (const filter of [own, { not: own }, { any: [own, { all: [] }] }]) {
          for (const by of [{ text: 'violin' }, { vector: at(0) }]) {
            const found = await bench.find({ ...by, filter });
            expect(found.filter((id) => id !== 'a')).toEqual([]);
          }
        }
      },
    );

    test('the same id in two workspaces is two entries', async () => {
      await bench.index.upsert(bench.alpha, [entryOf('shared', { text: 'oboe', version: 9 })]);
      expect(await bench.find({ text: 'violin' }, bench.beta)).toEqual(['b', 'shared']);
      await bench.index.remove(bench.alpha, ['shared', 'b']);
      expect(await bench.find({ text: 'violin' }, bench.beta)).toEqual(['b', 'shared']);
      await bench.index.drop(bench.alpha);
      expect(await bench.find({ text: 'violin' }, bench.beta)).toEqual(['b', 'shared']);
    });

    test('rebuilding one leaves the other alone', async () => {
      await bench.index.rebuild(bench.alpha, streamOf([]));
      expect(await bench.find({ text: 'violin' })).toEqual([]);
      expect(await bench.find({ text: 'violin' }, bench.beta)).toEqual(['b', 'shared']);
    });

    test('frequencies of terms are told of one, by profile, or not at all', async () => {
      await bench.add(entryOf('rare', { text: 'violin lantern' }));
      const asked = { profile: 'dialogue', text: 'The lanterns of a violinist' } as const;
      const told = await bench.index.frequencies(bench.alpha, asked);
      const untold = await bench.index.frequencies(bench.alpha, { ...asked, profile: 'document' });
      if (told === null) {
        expect(untold).toBeNull();
        return;
      }
      expect(Object.fromEntries(told.containing)).toEqual({ lantern: 1 });
      expect(told.entries).toBeGreaterThan(1);
      expect(untold).toEqual({ entries: 0, containing: new Map() });
    });

    test('frequencies of words in one do not move scores in another', async () => {
      const score = async (): Promise<number | undefined> =>
        (await bench.index.search(bench.alpha, queryOf({ text: 'violin', profile: 'document' })))
          .hits[0]?.score;
      await bench.add(entryOf('d', { text: 'violin', profile: 'document' }));
      const before = await score();
      const more = Array.from({ length: 20 }, (_, number) =>
        entryOf(`x${number}`, { text: 'violin', profile: 'document' }),
      );
      await bench.index.upsert(bench.beta, more);
      expect(await score()).toBe(before);
    });
  });
}
