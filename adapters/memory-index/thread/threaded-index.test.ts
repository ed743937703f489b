import { expect, test } from '@jest/globals';
import { entryOf, queryOf, streamOf } from '../index-bench.suite.ts';
import { describeMemoryIndex } from '../port.suite.ts';
import { ThreadedIndex } from './threaded-index.ts';

describeMemoryIndex('the index in a thread', async () => new ThreadedIndex());

test('a rebuild of many entries goes through the thread whole', async () => {
  await using index = new ThreadedIndex();
  const entries = Array.from({ length: 1_001 }, (_, number) =>
    entryOf(`m${number}`, { text: number === 1_000 ? 'violin' : 'oboe' }),
  );
  expect(await index.rebuild('ws_1', streamOf(entries))).toBe(1_001);
  const { hits } = await index.search('ws_1', queryOf({ text: 'violin' }));
  expect(hits.map(({ id }) => id)).toEqual(['m1000']);
});

test('a rebuild with an entry that is refused tells why and changes nothing', async () => {
  await using index = new ThreadedIndex();
  await index.upsert('ws_1', [entryOf('a', { text: 'violin' })]);
  const bad = entryOf('bad', { vectors: [{ set: 's', values: Float32Array.of(0) }] });
  const many = Array.from({ length: 500 }, (_, number) => entryOf(`m${number}`));
  await expect(index.rebuild('ws_1', streamOf([bad, ...many]))).rejects.toMatchObject({
    code: 'embedding.invalid',
  });
  const { hits } = await index.search('ws_1', queryOf({ text: 'violin' }));
  expect(hits.map(({ id }) => id)).toEqual(['a']);
});

test('calls that wait when the thread ends fail', async () => {
  const index = new ThreadedIndex();
  const waiting = expect(index.stats('ws_1')).rejects.toMatchObject({
    code: 'service.unavailable',
  });
  await index[Symbol.asyncDispose]();
  await waiting;
});
