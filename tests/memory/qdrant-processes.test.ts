import { beforeEach, expect, test } from '@jest/globals';
import { at, entryOf, queryOf, streamOf } from '../../adapters/memory-index/index-bench.suite.ts';
import { describeUnless } from '../harness/not-run.ts';
import { useQdrant } from './qdrant-bench.ts';
import { findQdrant } from './qdrant-server.ts';
import type { IndexEntry, MemoryIndex } from '../../adapters/memory-index/port.ts';

const WORKSPACE = 'ws_1';
const qdrant = await findQdrant();

/** A promise and what settles it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describeUnless(qdrant.lacking, `Qdrant under several processes (${qdrant.what})`, () => {
  const bench = useQdrant(qdrant);
  let collection: string;
  let one: MemoryIndex;
  let other: MemoryIndex;

  beforeEach(() => {
    collection = bench.newCollection();
    one = bench.open(collection);
    other = bench.open(collection);
  });

  async function find(index: MemoryIndex, text = 'violin'): Promise<string[]> {
    return (await index.search(WORKSPACE, queryOf({ text }))).hits.map(({ id }) => id);
  }

  /** A rebuild that has begun and waits for the gate after its first entry. */
  function rebuildUntil(opened: Promise<void>, entries: readonly IndexEntry[]) {
    const begun = gate();
    async function* stream(): AsyncGenerator<IndexEntry> {
      begun.open();
      await opened;
      yield* entries;
    }
    return { begun: begun.opened, rebuilt: one.rebuild(WORKSPACE, stream()) };
  }

  test('both may be the first to come', async () => {
    const entry = (id: string): IndexEntry => entryOf(id, { text: 'violin', vectors: [at(0)] });
    await Promise.all([one.upsert(WORKSPACE, [entry('a')]), other.upsert(WORKSPACE, [entry('b')])]);
    expect(await find(one)).toEqual(['a', 'b']);
  });

  test('the highest version stays, however writers hurry', async () => {
    const versions = [3, 9, 1, 12, 7, 2, 11, 5, 10, 4, 8, 6];
    await Promise.all(
      versions.map(async (version, number) => {
        // Every other writer knows the same text, and writes what goes with it alone.
        const text = version % 2 === 0 ? 'violin' : `trumpet ${version}`;
        const entry = entryOf('a', { text, version, attributes: { version } });
        await (number % 2 === 0 ? one : other).upsert(WORKSPACE, [entry]);
      }),
    );
    const filter = { field: 'version', in: [12] };
    const { hits } = await one.search(WORKSPACE, queryOf({ text: 'violin', filter }));
    expect(hits.map(({ id }) => id)).toEqual(['a']);
    expect(await find(other, 'trumpet')).toEqual([]);
  });

  test('a batch may hold an entry twice', async () => {
    const newer = entryOf('a', { text: 'violin', version: 2 });
    await one.upsert(WORKSPACE, [newer, entryOf('a', { text: 'oboe', version: 1 })]);
    expect(await find(one)).toEqual(['a']);
    expect(await find(one, 'oboe')).toEqual([]);
  });

  test('a rebuild is seen by others at once, and leaves nothing behind', async () => {
    await one.upsert(WORKSPACE, [
      entryOf('a', { text: 'violin' }),
      entryOf('b', { text: 'violin' }),
    ]);
    expect(await find(other)).toEqual(['a', 'b']);
    await one.rebuild(WORKSPACE, streamOf([entryOf('c', { text: 'violin' })]));
    expect(await find(other)).toEqual(['c']);
    // The entry, and the statement which generation it is in.
    expect((await bench.client().count(collection, {})).count).toBe(2);
  });

  test('what others write and remove during a rebuild counts', async () => {
    await one.upsert(WORKSPACE, [entryOf('old', { text: 'violin' })]);
    const held = gate();
    const read = ['read', 'gone', 'stale'].map((id) => entryOf(id, { text: 'violin' }));
    const { begun, rebuilt } = rebuildUntil(held.opened, read);
    await begun;
    await other.upsert(WORKSPACE, [
      entryOf('new', { text: 'violin' }),
      entryOf('stale', { text: 'oboe', version: 2 }),
    ]);
    await other.remove(WORKSPACE, ['gone', 'old']);
    expect(await find(other)).toEqual(['new']);
    held.open();
    expect(await rebuilt).toBe(3);
    expect(await find(other)).toEqual(['new', 'read']);
    expect(await find(one, 'oboe')).toEqual(['stale']);
    // Three entries and the statement: removals are remembered no longer than needed.
    expect((await bench.client().count(collection, {})).count).toBe(4);
  });

  test('a rebuild that crashed leaves the old, and the next one takes over', async () => {
    await one.upsert(WORKSPACE, [entryOf('old', { text: 'violin' })]);
    const held = gate();
    const crashed = rebuildUntil(held.opened, [entryOf('half', { text: 'violin' })]);
    await crashed.begun;
    expect(await find(other)).toEqual(['old']);
    await other.upsert(WORKSPACE, [entryOf('new', { text: 'violin' })]);
    expect(await other.rebuild(WORKSPACE, streamOf([entryOf('all', { text: 'violin' })]))).toBe(1);
    held.open();
    await expect(crashed.rebuilt).rejects.toMatchObject({ code: 'memory.conflict' });
    expect(await find(one)).toEqual(['all']);
    expect((await bench.client().count(collection, {})).count).toBe(2);
  });

  test('a workspace that is dropped during its rebuild does not come back', async () => {
    await one.upsert(WORKSPACE, [entryOf('old', { text: 'violin' })]);
    const held = gate();
    const { begun, rebuilt } = rebuildUntil(held.opened, [entryOf('late', { text: 'violin' })]);
    await begun;
    await other.drop(WORKSPACE);
    held.open();
    await expect(rebuilt).rejects.toMatchObject({ code: 'memory.conflict' });
    expect(await find(one)).toEqual([]);
    expect((await bench.client().count(collection, {})).count).toBe(0);
  });

  test('a new use of an entry changes neither its text nor its vectors', async () => {
    const entry = entryOf('a', { text: 'violin', vectors: [at(0)] });
    const used = { ...entry, retention: { lastAccessAt: 5_000, stabilityMs: 1_000 } };
    await one.upsert(WORKSPACE, [{ ...entry, version: 2 }]);
    await one.upsert(WORKSPACE, [{ ...used, version: 1 }]);
    const factor = async (): Promise<number | null | undefined> => {
      const query = queryOf({ text: 'violin', decayAt: 6_000, explain: true });
      return (await one.search(WORKSPACE, query)).hits[0]?.explanation?.retentionFactor;
    };
    expect(await factor()).toBe(1.5);
    await one.upsert(WORKSPACE, [{ ...used, version: 3 }]);
    expect(await factor()).toBeCloseTo(0.3 + 1.2 * Math.exp(-1), 9);
    const { hits } = await one.search(WORKSPACE, queryOf({ vector: at(0) }));
    expect(hits[0]?.score).toBeCloseTo(1, 6);
  });
});
