import { describe, expect, test } from '@jest/globals';
import { createGroupWriter, type GroupWriter } from './group-writer.ts';

/** `lane` and a name; names that begin with `!` share no batch with others of their lane. */
interface Item {
  readonly lane: string;
  readonly name: string;
}

interface Bench {
  readonly writer: GroupWriter<Item, string>;
  /** Batches as they were written, by the items' names. */
  readonly batches: readonly (readonly string[])[];
  /** Lets the oldest batch under way come back. */
  readonly land: () => Promise<void>;
}

function createBench(answer: (item: Item) => string | Error = ({ name }) => name): Bench {
  const batches: string[][] = [];
  const landings: (() => void)[] = [];
  const writer = createGroupWriter<Item, string>({
    laneOf: ({ lane }) => lane,
    mayShare: (batched, item) => ![...batched, item].some(({ name }) => name.startsWith('!')),
    write: async (items) => {
      batches.push(items.map(({ name }) => name));
      await new Promise<void>((resolve) => landings.push(resolve));
      return items.map(answer);
    },
    maxBatch: 3,
    maxInFlight: 2,
  });
  const land = async (): Promise<void> => {
    landings.shift()?.();
    await settled();
  };
  return { writer, batches, land };
}

/** Lets all microtasks run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function add(writer: GroupWriter<Item, string>, ...names: readonly string[]): void {
  for (const name of names) {
    const lane = name.replace('!', '').charAt(0);
    void writer.add({ lane, name }).catch(() => undefined);
  }
}

describe('a group writer', () => {
  test('writes a lone item at once', async () => {
    const { writer, batches, land } = createBench();
    const answer = writer.add({ lane: 'a', name: 'a1' });
    await settled();
    expect(batches).toEqual([['a1']]);
    await land();
    expect(await answer).toBe('a1');
  });

  test('gathers what comes while two batches are under way', async () => {
    const { writer, batches, land } = createBench();
    add(writer, 'a1');
    await settled();
    add(writer, 'b1');
    await settled();
    add(writer, 'c1', 'd1');
    await settled();
    add(writer, 'e1');
    await settled();
    expect(batches).toEqual([['a1'], ['b1']]);
    await land();
    expect(batches[2]).toEqual(['c1', 'd1', 'e1']);
  });

  test('never has one lane in two batches, and keeps its order', async () => {
    const { writer, batches, land } = createBench();
    add(writer, 'a1');
    await settled();
    add(writer, 'a2', 'b1', 'a3');
    await settled();
    expect(batches).toEqual([['a1'], ['b1']]);
    await land();
    expect(batches[2]).toEqual(['a2', 'a3']);
  });

  test('keeps apart what may not share, without letting the next overtake it', async () => {
    const { writer, batches, land } = createBench();
    add(writer, 'a1', '!a2', 'a3', 'b1');
    await settled();
    expect(batches).toEqual([['a1', 'b1']]);
    await land();
    expect(batches[1]).toEqual(['!a2']);
    await land();
    expect(batches[2]).toEqual(['a3']);
  });

  test('limits a batch', async () => {
    const { writer, batches } = createBench();
    add(writer, 'a1', 'b1', 'c1', 'd1', 'e1');
    await settled();
    expect(batches).toEqual([
      ['a1', 'b1', 'c1'],
      ['d1', 'e1'],
    ]);
  });

  test('fails the items that it is told, and no other', async () => {
    const { writer, land } = createBench(({ name }) => (name === 'b1' ? new Error('bad') : name));
    const answers = ['a1', 'b1', 'c1'].map((name) => writer.add({ lane: name, name }));
    const all = Promise.allSettled(answers);
    await settled();
    await land();
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('fails a whole batch that cannot be written, and goes on with the next', async () => {
    let isBroken = true;
    const writer = createGroupWriter<string, string>({
      laneOf: (item) => item,
      mayShare: () => true,
      write: async (items) => {
        if (isBroken) throw new Error('down');
        return items;
      },
      maxBatch: 10,
      maxInFlight: 1,
    });
    const all = await Promise.allSettled([writer.add('a'), writer.add('b')]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await writer.add('a')).toBe('a');
  });

  test('waits on disposal until all is written', async () => {
    const { writer, batches, land } = createBench();
    add(writer, 'a1', 'a2');
    add(writer, '!a3');
    await settled();
    let isDisposed = false;
    const disposal = writer[Symbol.asyncDispose]().then(() => {
      isDisposed = true;
    });
    await land();
    expect(isDisposed).toBe(false);
    await land();
    await disposal;
    expect(batches).toEqual([['a1', 'a2'], ['!a3']]);
  });
});
