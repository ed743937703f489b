import { describe, expect, test } from '@jest/globals';
import { at, entryOf, streamOf, useIndexBench } from './index-bench.suite.ts';
import type { IndexEntry, IndexFilter, MemoryIndex } from './port.ts';

/** How every index takes changes. */
export function describeChanges(name: string, open: () => Promise<MemoryIndex>): void {
  describe(`${name} and changes`, () => {
    const bench = useIndexBench(open);

    test('finds an entry by its newest words alone', async () => {
      await bench.add(entryOf('a', { text: 'violin', vectors: [at(0)] }));
      await bench.add(entryOf('a', { text: 'trumpet', version: 2, vectors: [at(180)] }));
      expect(await bench.find({ text: 'violin' })).toEqual([]);
      expect(await bench.find({ text: 'trumpet' })).toEqual(['a']);
      expect(await bench.find({ vector: at(0) })).toEqual([]);
    });

    test('ignores an older version that comes late', async () => {
      await bench.add(entryOf('a', { text: 'trumpet', version: 2 }));
      await bench.add(entryOf('a', { text: 'violin', version: 1 }));
      await bench.add(entryOf('a', { text: 'violin', version: 1, profile: 'document' }));
      expect(await bench.find({ text: 'violin' })).toEqual([]);
      expect(await bench.find({ text: 'violin', profile: 'document' })).toEqual([]);
      expect(await bench.find({ text: 'trumpet' })).toEqual(['a']);
    });

    test('takes over changed attributes of the same text', async () => {
      await bench.add(entryOf('a', { text: 'violin', attributes: { mood: 'sad' } }));
      await bench.add(entryOf('a', { text: 'violin', version: 2, attributes: { tempo: 3 } }));
      const sad: IndexFilter = { field: 'mood', in: ['sad'] };
      const fast: IndexFilter = { field: 'tempo', atLeast: 3 };
      expect(await bench.find({ text: 'violin', filter: sad })).toEqual([]);
      expect(await bench.find({ text: 'violin', filter: fast })).toEqual(['a']);
    });

    test('removes, also what it never had, and takes the same id anew', async () => {
      await bench.add(
        entryOf('a', { text: 'violin', vectors: [at(0)] }),
        entryOf('b', { text: 'oboe' }),
      );
      await bench.index.remove(bench.alpha, ['a', 'unknown']);
      expect(await bench.find({ text: 'violin' })).toEqual([]);
      expect(await bench.find({ vector: at(0) })).toEqual([]);
      expect(await bench.index.stats(bench.alpha)).toMatchObject({
        entries: { dialogue: 1, document: 0 },
      });
      await bench.add(entryOf('a', { text: 'violin' }));
      expect(await bench.find({ text: 'violin' })).toEqual(['a']);
    });

    test('replaces everything when rebuilt', async () => {
      await bench.add(entryOf('a', { text: 'violin' }), entryOf('b', { text: 'violin' }));
      expect(
        await bench.index.rebuild(bench.alpha, streamOf([entryOf('c', { text: 'violin' })])),
      ).toBe(1);
      expect(await bench.find({ text: 'violin' })).toEqual(['c']);
    });

    test('counts what changes during a rebuild', async () => {
      const later = (id: string, text: string): IndexEntry => entryOf(id, { text, version: 2 });
      async function* entries(): AsyncGenerator<IndexEntry> {
        yield entryOf('removed', { text: 'violin' });
        yield entryOf('changed', { text: 'violin' });
        await bench.add(later('added', 'violin'), later('changed', 'oboe'), later('late', 'oboe'));
        await bench.index.remove(bench.alpha, ['removed', 'removed-early']);
        expect(await bench.find({ text: 'violin' })).toEqual(['added', 'old']);
        yield entryOf('removed-early', { text: 'violin' });
        yield entryOf('late', { text: 'violin' });
      }
      await bench.add(entryOf('old', { text: 'violin' }));
      expect(await bench.index.rebuild(bench.alpha, entries())).toBe(3);
      expect(await bench.find({ text: 'violin' })).toEqual(['added']);
      expect(await bench.find({ text: 'oboe' })).toEqual(['changed', 'late']);
    });

    test('stays as it was when a rebuild fails', async () => {
      async function* broken(): AsyncGenerator<IndexEntry> {
        yield entryOf('b', { text: 'violin' });
        throw new Error('the database is gone');
      }
      await bench.add(entryOf('a', { text: 'violin' }));
      await expect(bench.index.rebuild(bench.alpha, broken())).rejects.toThrow(
        'the database is gone',
      );
      expect(await bench.find({ text: 'violin' })).toEqual(['a']);
      expect(await bench.index.rebuild(bench.alpha, streamOf([]))).toBe(0);
    });

    test('forgets a workspace', async () => {
      await bench.add(entryOf('a', { text: 'violin' }));
      await bench.index.drop(bench.alpha);
      expect(await bench.find({ text: 'violin' })).toEqual([]);
    });
  });
}
