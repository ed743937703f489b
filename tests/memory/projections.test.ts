import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  ANN,
  catchUp,
  openMemoryHarness,
  said,
  user,
  type MemoryHarness,
} from './memory-harness.ts';
import { InProcessIndex } from '../../adapters/memory-index/in-process/in-process-index.ts';
import { applyOutbox } from '../../activities/memory/projection/outbox-worker.ts';
import { createEmbeddedIndexes } from '../../activities/memory/projection/embedded-indexes.ts';
import { createServingEmbedder } from '../../activities/memory/serving-embedder.ts';
import type { Embedder } from '../../adapters/embedders/port.ts';
import { embedMissing, hasAllVectors } from '../../activities/memory/projection/embed-missing.ts';
import type { EntrySource } from '../../activities/memory/projection/workspace-entries.ts';
import { indexTarget } from '../../activities/memory/projection/targets.ts';
import type { IndexQuery } from '../../adapters/memory-index/port.ts';
import type { MemoryIndex } from '../../adapters/memory-index/port.ts';

let bench: MemoryHarness;
let ws: string;
let source: EntrySource;

beforeAll(async () => {
  bench = await openMemoryHarness();
  ws = bench.workspaceId;
  source = { memories: bench.memories, knowledge: bench.knowledge, embedders: [] };
});

afterAll(() => bench.close());

function query(text: string): IndexQuery {
  return {
    profile: 'dialogue',
    text,
    vector: null,
    fusion: { kind: 'weighted_sum', denseWeight: 0 },
    filter: null,
    limit: 100,
    decayAt: null,
    explain: true,
  };
}

const write = async (...texts: readonly string[]): Promise<readonly string[]> => {
  const made = await bench.memories.remember(
    ws,
    texts.map((text) => said(text)),
    ANN,
  );
  return made.map(({ memory }) => memory.id);
};

const ignore = (): void => undefined;

/** Applies all that waits, telling of no failure. */
async function drain(index: MemoryIndex): Promise<void> {
  const { projections } = bench;
  const target = indexTarget(index, source);
  while ((await applyOutbox({ projections, target, onFault: ignore })) > 0);
}

async function idsIn(index: MemoryIndex, text: string): Promise<readonly string[]> {
  return (await index.search(ws, query(text))).hits.map(({ id }) => id).sort();
}

describe('a shared index', () => {
  test('is right after a worker died between applying and noting it, and before', async () => {
    await using index = new InProcessIndex();
    await drain(index);
    const ids = await write('crash one', 'crash two', 'crash three');
    const claim = { subjects: ['memory'], limit: 10, leaseMs: 1 } as const;
    // Dead before it applied anything, and then after it applied a part: nothing was noted.
    expect(await bench.projections.claim(claim)).toHaveLength(3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const claims = await bench.projections.claim(claim);
    await indexTarget(index, source).apply(ws, claims.slice(0, 1));
    await bench.memories.delete(ws, ids.slice(0, 1), ANN);
    await bench.memories.edit(ws, ids[1] ?? '', { text: 'crash changed', ...ANN });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await drain(index);
    expect(await idsIn(index, 'crash')).toEqual(ids.slice(1).sort());
    expect(await idsIn(index, 'changed')).toEqual([ids[1]]);
    expect(await bench.projections.pending(ws)).toBe(0);
  });

  test('is told again of what it could not take, and others are not held up', async () => {
    await using index = new InProcessIndex();
    const [id = ''] = await write('stubborn');
    const fault = Object.assign(new Error('holds secrets'), { code: 'service.unavailable' });
    const faults: unknown[] = [];
    const broken = {
      name: 'index',
      subjects: ['memory'],
      apply: () => Promise.reject(fault),
    } as const;
    await applyOutbox({
      projections: bench.projections,
      target: broken,
      onFault: ({ error }) => faults.push(error),
    });
    expect(faults).toEqual([fault]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await drain(index);
    expect(await idsIn(index, 'stubborn')).toEqual([id]);
  });
});

describe('an embedded index', () => {
  const open = (maxBytes = 1e9) => {
    const opened: InProcessIndex[] = [];
    const indexes = createEmbeddedIndexes({
      open: () => {
        const index = new InProcessIndex();
        opened.push(index);
        return index;
      },
      source,
      projections: bench.projections,
      maxBytes,
      onFault: ignore,
    });
    return { indexes, opened };
  };

  test('that was rebuilt answers as the one that followed every change', async () => {
    const { indexes } = open();
    await indexes.search(ws, query('anything'));
    const ids = await write(...Array.from({ length: 40 }, (_, i) => `note ${i} on gardens`));
    await catchUp(bench.schema.database, indexes);
    await bench.memories.delete(ws, ids.slice(0, 5), ANN);
    await bench.memories.edit(ws, ids[7] ?? '', { text: 'note on gardens and bees', ...ANN });
    await bench.memories.archive(ws, { ids: ids.slice(10, 12), author: ANN });
    await bench.memories.touch(ws, ids.slice(20, 30));
    await catchUp(bench.schema.database, indexes);
    const followed = await indexes.search(ws, query('gardens bees note'));
    const { before, after } = await indexes.rebuild(ws);
    expect(after).toBe(before);
    expect(await indexes.search(ws, query('gardens bees note'))).toEqual(followed);
    expect(followed.hits).toHaveLength(33);
    await indexes[Symbol.asyncDispose]();
  });

  test('that dies is opened anew and filled from the database', async () => {
    const { indexes, opened } = open();
    const [id = ''] = await write('phoenix from ashes');
    expect((await indexes.search(ws, query('phoenix'))).hits[0]?.id).toBe(id);
    await opened[0]?.[Symbol.asyncDispose]();
    expect((await indexes.search(ws, query('phoenix'))).hits[0]?.id).toBe(id);
    expect(opened).toHaveLength(2);
    await indexes[Symbol.asyncDispose]();
  });

  test('of a workspace not used for long leaves the memory and comes back', async () => {
    const { indexes, opened } = open(1);
    const other = await bench.stores.workspaces.create({ name: 'other' });
    const made = await bench.memories.remember(other.id, [said('elsewhere')], ANN);
    await write('lighthouse');
    await indexes.search(ws, query('lighthouse'));
    await indexes.search(other.id, query('elsewhere'));
    const stats = await opened[0]?.stats(ws);
    expect(stats?.entries.dialogue).toBe(0);
    expect((await indexes.search(ws, query('lighthouse'))).hits).not.toEqual([]);
    const { hits } = await indexes.search(other.id, query('elsewhere'));
    expect(hits[0]?.id).toBe(made[0]?.memory.id);
    await indexes[Symbol.asyncDispose]();
  });
});

test('a new embedder takes over when all is embedded anew, and the one before serves until then', async () => {
  const embedder = (id: string): Embedder => ({
    ref: { id, revision: '1', dim: 2 },
    quality: 'semantic',
    profile: { remote: false, maxTextBytes: 1_000 },
    embed: (texts) => Promise.resolve(texts.map((text) => Float32Array.of(1, text.length % 7))),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const [before, wanted] = [embedder('before'), embedder('wanted')];
  await write('has vectors');
  await embedMissing(stores(), ws, before);
  let time = 0;
  const serving = createServingEmbedder({
    embedders: [wanted, before],
    isComplete: (id, ref) => hasAllVectors(stores(), id, ref),
    now: () => time,
  });
  expect(await serving(ws)).toMatchObject({ embedder: { ref: before.ref }, isComplete: true });
  expect(await embedMissing(stores(), ws, wanted)).toBeGreaterThan(0);
  expect(await embedMissing(stores(), ws, wanted)).toBe(0);
  time += 60_000;
  expect(await serving(ws)).toMatchObject({ embedder: { ref: wanted.ref }, isComplete: true });
});

const stores = () => ({ memories: bench.memories, knowledge: bench.knowledge });

test('what one process writes another one finds within its loop', async () => {
  const other = bench.another();
  const following = other.memory.follow();
  await other.memory.service.recall(ws, { text: 'warm up', owner: user('u1') });
  await bench.memory.service.remember(ws, [said('the ferry leaves at noon')], ANN);
  let found = 0;
  while (found === 0) {
    const answer = await other.memory.service.recall(ws, { text: 'ferry', owner: user('u1') });
    found = answer.hits.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await following[Symbol.asyncDispose]();
});
