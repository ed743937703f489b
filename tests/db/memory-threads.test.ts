import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ANN, memory, openMemoryBench, type MemoryBench } from './memory-bench.ts';
import { newId } from '../../contracts/ids.ts';

let bench: MemoryBench;

beforeAll(async () => {
  bench = await openMemoryBench();
});

afterAll(() => bench.schema.drop());

async function openThread(): Promise<string> {
  const threadId = newId('thread');
  await bench.tenant.createRun({ thread: { kind: 'new', threadId, title: '' } });
  return threadId;
}

test('memories of a thread stand in the order in which they were written', async () => {
  const threadId = await openThread();
  const write = (texts: readonly string[]) =>
    bench.memories.remember(
      bench.workspaceId,
      texts.map((text) => memory(text, { threadId })),
      ANN,
    );
  const first = await write(['one', 'two', 'three']);
  expect(first.map((made) => made.memory.threadPosition)).toEqual([0, 1, 2]);
  const many = await Promise.all(
    Array.from({ length: 8 }, (_, turn) => write([`a ${turn}`, `b ${turn}`])),
  );
  const places = many.flat().map((made) => made.memory.threadPosition ?? -1);
  expect(places.sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i + 3));
  const [lone] = await bench.memories.remember(bench.workspaceId, [memory('alone')], ANN);
  expect(lone?.memory.threadPosition).toBeNull();
});
