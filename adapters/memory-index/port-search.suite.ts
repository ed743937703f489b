import { describe, expect, test } from '@jest/globals';
import { SET, at, entryOf, queryOf, useIndexBench } from './index-bench.suite.ts';
import type { Capability, IndexEntry, MemoryIndex } from './port.ts';

/** What a search for words in a dialogue asks for, and this index says that it cannot do. */
function lacking({ capabilities }: MemoryIndex): readonly Capability[] {
  const asked: readonly Capability[] = ['neighbours', 'session_prior'];
  return asked.filter((capability) => !capabilities.includes(capability));
}

/** How every index finds and refuses. */
export function describeSearch(name: string, open: () => Promise<MemoryIndex>): void {
  describe(`${name} as a memory index`, () => {
    const bench = useIndexBench(open);

    test('finds by words, in whatever form, the rarer first', async () => {
      await bench.add(
        entryOf('a', { text: 'Anna plays the violin' }),
        entryOf('b', { text: 'Bert plays chess' }),
        entryOf('c', { text: 'Carla plays chess' }),
      );
      expect(await bench.find({ text: 'Who is playing violins?' })).toEqual(['a', 'b', 'c']);
      expect(await bench.find({ text: 'trumpet' })).toEqual([]);
      expect(await bench.find({ text: 'who is it' })).toEqual([]);
    });

    test('finds by direction, whatever the length, nothing that points away', async () => {
      await bench.add(
        entryOf('near', { vectors: [at(10)] }),
        entryOf('far', { vectors: [{ set: SET, values: Float32Array.of(5, 50) }] }),
        entryOf('away', { vectors: [at(180)] }),
        entryOf('none'),
      );
      expect(await bench.find({ vector: at(0) })).toEqual(['near', 'far']);
    });

    test('finds nothing at a right angle, also where rounding leaves a little of it', async () => {
      const set = 'whole:1:3';
      const right: readonly (readonly number[])[] = [
        [2, -5, -2],
        [6, -1, 1],
        [8, 0, 2],
        [4, 2, 2],
      ];
      await bench.add(
        ...right.map((numbers, index) =>
          entryOf(`right-${index}`, { vectors: [{ set, values: Float32Array.from(numbers) }] }),
        ),
      );
      const vector = { set, values: Float32Array.of(2, 4, -8) };
      expect(await bench.find({ vector })).toEqual([]);
      const fusion = { kind: 'weighted_sum', denseWeight: 0.3 } as const;
      expect(await bench.find({ text: 'violin', vector, fusion })).toEqual([]);
    });

    test('fuses both rankings by rank', async () => {
      await bench.add(
        entryOf('both', { text: 'violin lessons in town', vectors: [at(5)] }),
        entryOf('text', { text: 'violin', vectors: [at(150)] }),
        entryOf('direction', { text: 'other', vectors: [at(4)] }),
      );
      expect((await bench.find({ text: 'violin', vector: at(0) }))[0]).toBe('both');
    });

    test('tells that it has no vectors of a set, and searches by words', async () => {
      await bench.add(entryOf('a', { text: 'violin', vectors: [at(0)] }));
      const vector = { set: 'other:1:3', values: Float32Array.of(1, 0, 0) };
      const answer = await bench.index.search(bench.alpha, queryOf({ text: 'violin', vector }));
      expect(answer.hits.map(({ id }) => id)).toEqual(['a']);
      expect(answer.missing).toEqual(['dense', ...lacking(bench.index)]);
    });

    test('keeps sets of vectors apart', async () => {
      const other = { set: 'other:1:2', values: Float32Array.of(1, 0) };
      await bench.add(entryOf('a', { vectors: [at(0)] }), entryOf('b', { vectors: [other] }));
      expect(await bench.find({ vector: other })).toEqual(['b']);
      expect((await bench.index.stats(bench.alpha)).vectors).toEqual({ [SET]: 1, 'other:1:2': 1 });
    });

    test('keeps dialogue and documents apart, and an entry in one of them', async () => {
      await bench.add(entryOf('a', { text: 'violin' }));
      await bench.add(entryOf('a', { text: 'violin', profile: 'document', version: 2 }));
      expect(await bench.find({ text: 'violin' })).toEqual([]);
      expect(await bench.find({ text: 'violin', profile: 'document' })).toEqual(['a']);
    });

    test('orders equals by id and gives no more than asked', async () => {
      const ids = ['d', 'b', 'e', 'a', 'c'];
      await bench.add(...ids.map((id) => entryOf(id, { text: 'violin', vectors: [at(3)] })));
      expect(await bench.find({ text: 'violin', limit: 3 })).toEqual(['a', 'b', 'c']);
      expect(await bench.find({ vector: at(0), limit: 5 })).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    test('ranks by retention too, and loses nothing by it', async () => {
      const used = (lastAccessAt: number): IndexEntry['retention'] => ({
        lastAccessAt,
        stabilityMs: 1_000,
      });
      await bench.add(
        entryOf('a-old', { text: 'violin', retention: used(0) }),
        entryOf('b-new', { text: 'violin', retention: used(10_000) }),
      );
      expect(await bench.find({ text: 'violin' })).toEqual(['a-old', 'b-new']);
      expect(await bench.find({ text: 'violin', decayAt: 10_000 })).toEqual(['b-new', 'a-old']);
      await bench.add(entryOf('a-old', { text: 'violin', version: 2, retention: used(10_000) }));
      expect(await bench.find({ text: 'violin', decayAt: 10_000 })).toEqual(['a-old', 'b-new']);
    });

    test('explains its scores', async () => {
      await bench.add(entryOf('a', { text: 'violin', vectors: [at(60)] }));
      const query = queryOf({ text: 'violin', vector: at(0), decayAt: 5, explain: true });
      const [hit] = (await bench.index.search(bench.alpha, query)).hits;
      expect(hit?.explanation).toMatchObject({ retentionFactor: 1.5 });
      expect(hit?.explanation?.dense?.cosine).toBeCloseTo(0.5, 5);
      expect(Object.keys(hit?.explanation?.lexical?.terms ?? {})).toEqual(['violin']);
      expect(hit?.score).toBeCloseTo((hit?.explanation?.fused ?? 0) * 1.5, 6);
    });
  });

  describe(`${name} and what makes no sense`, () => {
    const bench = useIndexBench(open);

    test.each([
      ['nothing to search by', { text: null }, 'memory.invalid'],
      ['no hits wanted', { text: 'violin', limit: 0 }, 'memory.invalid'],
      ['half a hit', { text: 'violin', limit: 1.5 }, 'memory.invalid'],
      ['very many hits', { text: 'violin', limit: 100_000 }, 'memory.invalid'],
      [
        'a vector of other dimensions',
        { vector: { set: SET, values: Float32Array.of(1, 2, 3) } },
        'embedding.invalid',
      ],
      [
        'a vector without a direction',
        { vector: { set: SET, values: Float32Array.of(0, 0) } },
        'embedding.invalid',
      ],
      [
        'numbers that are none',
        { vector: { set: SET, values: Float32Array.of(Number.NaN, 1) } },
        'embedding.invalid',
      ],
    ] as const)('refuses %s', async (_title, changes, code) => {
      await bench.add(entryOf('a', { vectors: [at(0)] }));
      await expect(bench.find(changes)).rejects.toMatchObject({ code });
    });

    test('an entry with a bad vector changes nothing', async () => {
      await bench.add(entryOf('a', { text: 'violin', vectors: [at(0)] }));
      const bad = { set: SET, values: Float32Array.of(1) };
      const entry = entryOf('a', { text: 'oboe', version: 2, vectors: [bad] });
      await expect(bench.add(entry)).rejects.toMatchObject({ code: 'embedding.invalid' });
      expect(await bench.find({ text: 'violin' })).toEqual(['a']);
    });

    test('does nothing after it was closed', async () => {
      const index = await open();
      await index[Symbol.asyncDispose]();
      await expect(index.search('ws_1', queryOf({ text: 'violin' }))).rejects.toMatchObject({
        code: 'service.unavailable',
      });
    });
  });
}
