import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANN, memory, openMemoryBench, PAGE, type MemoryBench } from './memory-bench.ts';
import { createTenant } from './fixtures.ts';
import type { Memory, NewMemory } from '../../contracts/memory.ts';
import type { MemoryStore } from '../../db/stores/memory-store.ts';

let bench: MemoryBench;
let memories: MemoryStore;
let ws: string;

beforeAll(async () => {
  bench = await openMemoryBench();
  memories = bench.memories;
  ws = bench.workspaceId;
});

afterAll(() => bench.schema.drop());

async function remember(text: string, more: Partial<NewMemory> = {}): Promise<Memory> {
  const [made] = await memories.remember(ws, [memory(text, more)], ANN);
  if (made?.kind !== 'created') throw new Error(`not created: ${made?.kind ?? 'nothing'}`);
  return made.memory;
}

describe('a new memory', () => {
  test('is read as it was written, with where it comes from', async () => {
    const { runId } = await bench.tenant.seedRun();
    const made = await remember('  likes\0 tea ', {
      kind: 'preference',
      importance: 1,
      runId,
      stepId: 'call:1',
      messageId: 'msg_1',
    });
    expect(made).toMatchObject({
      text: 'likes\uFFFD tea',
      kind: 'preference',
      scope: 'user',
      userId: 'u1',
      stabilityMs: 10.5 * 24 * 3_600_000,
      status: 'active',
      trusted: true,
      runId,
      stepId: 'call:1',
      messageId: 'msg_1',
      invalidAt: null,
      derivedFrom: [],
      version: 1,
      touches: [],
      lastAccessAt: bench.now().toISOString(),
    });
    expect(await memories.get(ws, made.id)).toEqual(made);
    const { items } = await memories.history(ws, made.id, PAGE);
    expect(items).toMatchObject([{ version: 1, change: 'created', text: made.text, ...ANN }]);
  });

  test('is written once, by its key and by its text', async () => {
    const first = await remember('lives in Rome', { key: 'k1' });
    const answers = await memories.remember(
      ws,
      [
        memory('something else', { key: 'k1' }),
        memory('Lives  in ROME'),
        memory('lives in Rome', { userId: 'u2' }),
        memory('lives in Oslo'),
        memory('lives in oslo'),
      ],
      ANN,
    );
    expect(answers.map(({ kind }) => kind)).toEqual([
      'existing',
      'duplicate',
      'created',
      'created',
      'duplicate',
    ]);
    expect(answers[0]?.memory.id).toBe(first.id);
    expect(answers[1]?.memory.id).toBe(first.id);
    expect(answers[4]?.memory.id).toBe(answers[3]?.memory.id);
  });

  test('is written once by many who write the same texts in other orders', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => memory(`same ${i}`));
    const writers = Array.from({ length: 8 }, (_, i) =>
      memories.remember(ws, i % 2 === 0 ? texts : texts.toReversed(), ANN),
    );
    const answers = (await Promise.all(writers)).flat();
    expect(answers.filter(({ kind }) => kind === 'created')).toHaveLength(20);
    expect(new Set(answers.map((answer) => answer.memory.id)).size).toBe(20);
  });

  test.each([
    ['no text', { text: ' \n' }],
    ['a text that is too long', { text: 'ä'.repeat(9_000) }],
    ['an importance beyond one', { importance: 1.1 }],
    ['no id of its scope', { userId: null }],
    ['an unknown thread', { threadId: 'thr_none' }],
    ['an unknown run', { runId: 'run_none' }],
    ['an unknown source', { derivedFrom: ['mem_none'] }],
    ['a time that is none', { validAt: 'soon' }],
  ])('with %s is refused and nothing of its batch is written', async (_what, wrong) => {
    const before = await memories.usage(ws);
    const batch = [memory('good beside bad'), memory('bad', wrong)];
    const code = 'memory.invalid';
    await expect(memories.remember(ws, batch, ANN)).rejects.toMatchObject({ code });
    expect(await memories.usage(ws)).toEqual(before);
  });

  test.each(['tool', 'document', 'recalled'] as const)(
    'from %s text is never trusted, nor what is derived from it',
    async (origin) => {
      const made = await remember(`from ${origin}`, { origin, trusted: true });
      expect(made.trusted).toBe(false);
      const sum = await remember(`sum of ${origin}`, {
        origin: 'summary',
        derivedFrom: [made.id],
        trusted: true,
      });
      expect(sum).toMatchObject({ trusted: false, derivedFrom: [made.id] });
    },
  );

  test('beyond the limit of its workspace is refused until there is room', async () => {
    const { workspaceId } = await createTenant(bench.stores);
    await memories.setLimit(workspaceId, 2);
    const batch = (...texts: string[]) =>
      memories.remember(
        workspaceId,
        texts.map((text) => memory(text)),
        ANN,
      );
    const [first] = await batch('a', 'b');
    await expect(batch('c')).rejects.toMatchObject({ code: 'memory.budget_exceeded' });
    expect((await batch('a'))[0]?.kind).toBe('duplicate');
    await memories.delete(workspaceId, [first?.memory.id ?? ''], ANN);
    expect(await memories.usage(workspaceId)).toEqual({ active: 1, limit: 2 });
    expect((await batch('c'))[0]?.kind).toBe('created');
  });
});

describe('a memory', () => {
  test('that is edited keeps its older text in its history and loses its vectors', async () => {
    const { id, version } = await remember('has a cat');
    const embedder = { id: 'e', revision: '1', dim: 2 };
    const scan = { embedder, limit: 1_000 };
    const missing = await memories.missingVectors(ws, scan);
    const hash = missing.find((text) => text.id === id)?.hash ?? '';
    const vector = new Float32Array([0.1, -2]);
    expect(await memories.putVectors(ws, embedder, [{ id, hash, vector }])).toBe(1);
    expect(await memories.vectors(ws, { ...scan, ids: [id] })).toEqual([{ id, vector }]);
    const edited = await memories.edit(ws, id, {
      text: 'has a dog',
      expectedVersion: version,
      ...ANN,
    });
    expect(edited).toMatchObject({ text: 'has a dog', version: version + 1 });
    expect(await memories.vectors(ws, { ...scan, ids: [id] })).toEqual([]);
    expect(await memories.putVectors(ws, embedder, [{ id, hash, vector }])).toBe(0);
    const { items } = await memories.history(ws, id, PAGE);
    expect(items.map(({ text }) => text)).toEqual(['has a cat', 'has a dog']);
    await expect(
      memories.edit(ws, id, { text: 'x', expectedVersion: version, ...ANN }),
    ).rejects.toMatchObject({ code: 'memory.conflict' });
    await remember('has a bird');
    await expect(memories.edit(ws, id, { text: 'Has a bird', ...ANN })).rejects.toMatchObject({
      code: 'memory.conflict',
    });
  });

  test('that is contradicted is closed, not deleted', async () => {
    const old = await remember('works at A', { kind: 'fact' });
    bench.wait(1_000);
    const by = memory('works at B', { kind: 'fact', key: 'contradiction-1' });
    const answer = await memories.supersede(ws, { id: old.id, by }, ANN);
    expect(answer).toMatchObject({ kind: 'superseded', memory: { text: 'works at B' } });
    expect(await memories.supersede(ws, { id: old.id, by }, ANN)).toEqual(answer);
    const closed = await memories.get(ws, old.id);
    expect(closed).toMatchObject({
      status: 'active',
      text: 'works at A',
      invalidAt: bench.now().toISOString(),
      supersededBy: answer.memory.id,
    });
    const at = async (validAt: string) =>
      (await memories.list(ws, { validAt, kind: 'fact' }, PAGE)).items.map(({ id }) => id);
    expect(await at(old.validAt)).toContain(old.id);
    expect(await at(bench.now().toISOString())).not.toContain(old.id);
    expect(await memories.close(ws, old.id, { invalidAt: old.validAt, ...ANN })).toBe(false);
  });

  test('that two contradict at once is closed by one of them', async () => {
    const old = await remember('drives a Fiat', { kind: 'fact' });
    const cars = Array.from({ length: 8 }, (_, i) => memory(`drives car ${i}`, { kind: 'fact' }));
    const answers = await Promise.all(
      cars.map((by) => memories.supersede(ws, { id: old.id, by }, ANN)),
    );
    const won = answers.filter(({ kind }) => kind === 'superseded');
    expect(won).toHaveLength(1);
    const { items } = await memories.list(ws, { kind: 'fact' }, PAGE);
    expect(items.filter(({ text }) => text.startsWith('drives car'))).toHaveLength(1);
    expect((await memories.get(ws, old.id)).supersededBy).toBe(won[0]?.memory.id);
    const { items: lines } = await memories.history(ws, old.id, PAGE);
    expect(lines.map(({ change }) => change)).toEqual(['created', 'closed']);
  });

  test('that is deleted leaves who did it and why, but no text', async () => {
    const { id } = await remember('a secret');
    const held = await remember('evidence');
    await memories.mark(ws, held.id, { legalHold: true, ...ANN });
    expect(await memories.delete(ws, [id, held.id, 'mem_none'], ANN)).toEqual([id]);
    expect(await memories.get(ws, id)).toMatchObject({ status: 'deleted', text: '' });
    const { items } = await memories.history(ws, id, PAGE);
    expect(items).toMatchObject([
      { change: 'created', text: null },
      { change: 'deleted', text: null, ...ANN },
    ]);
    const { rows } = await bench.schema.database.pool.query(
      "select 1 from memory_history where text like '%secret%'",
    );
    expect(rows).toEqual([]);
    for (const refused of [
      () => memories.edit(ws, id, { text: 'x', ...ANN }),
      () => memories.mark(ws, id, { pinned: true, ...ANN }),
    ]) {
      await expect(refused()).rejects.toMatchObject({ code: 'memory.not_found' });
    }
    await remember('a secret');
  });

  test('is listed by whom it serves, newest first, page by page', async () => {
    const { id: threadId } = await bench.stores.threads.create(ws, {
      agentId: bench.tenant.version.agentId,
      versionId: bench.tenant.version.id,
      title: '',
    });
    const more = { scope: 'thread', threadId, userId: 'u9' } as const;
    const made = [];
    for (const text of ['one', 'two', 'three']) made.push(await remember(text, more));
    const ids = made.map(({ id }) => id).sort();
    const first = await memories.list(ws, { threadId }, { limit: 2 });
    const rest = await memories.list(
      ws,
      { userId: 'u9', scope: 'thread', kind: 'episode' },
      { limit: 2, cursor: first.nextCursor ?? '' },
    );
    const listed = [...first.items, ...rest.items].map(({ id }) => id);
    expect(listed).toEqual(ids.toReversed());
    expect(rest.nextCursor).toBeNull();
    expect((await memories.list(ws, { agentId: 'agt_x' }, PAGE)).items).toEqual([]);
    const scanned = await memories.scan(ws, { limit: 1_000, afterId: ids[1] ?? '' });
    expect(scanned.map(({ id }) => id)).toContain(ids[2]);
    expect(
      (await memories.getMany(ws, [ids[1] ?? '', 'mem_x', ids[0] ?? ''])).map((m) => m.id),
    ).toEqual([ids[1], ids[0]]);
  });
});

test('memories of another workspace can be neither read, changed nor derived from', async () => {
  const { id } = await remember('mine alone');
  const { workspaceId: there, version } = await createTenant(bench.stores);
  const unknown = { code: 'memory.not_found' };
  const by = memory('not so');
  for (const ask of [
    () => memories.get(there, id),
    () => memories.history(there, id, PAGE),
    () => memories.edit(there, id, { text: 'x', ...ANN }),
    () => memories.close(there, id, { invalidAt: '2026-01-01T00:00:00Z', ...ANN }),
    () => memories.supersede(there, { id, by }, ANN),
    () => memories.mark(there, id, { pinned: true, ...ANN }),
  ]) {
    await expect(ask()).rejects.toMatchObject(unknown);
  }
  const invalid = { code: 'memory.invalid' };
  const { agentId } = bench.tenant.version;
  expect(agentId).not.toBe(version.agentId);
  for (const wrong of [{ derivedFrom: [id] }, { scope: 'agent', agentId } as const]) {
    await expect(memories.remember(there, [memory('x', wrong)], ANN)).rejects.toMatchObject(
      invalid,
    );
  }
  const embedder = { id: 'e', revision: '1', dim: 1 };
  const hash = (await memories.missingVectors(ws, { embedder, limit: 1_000 })).find(
    (text) => text.id === id,
  )?.hash;
  const vector = new Float32Array([1]);
  expect(await memories.putVectors(there, embedder, [{ id, hash: hash ?? '', vector }])).toBe(0);
  expect(await memories.touch(there, [id])).toBe(0);
  expect(await memories.archive(there, { ids: [id], author: ANN })).toEqual([]);
  expect(await memories.delete(there, [id], ANN)).toEqual([]);
  expect(await memories.getMany(there, [id])).toEqual([]);
  expect(await memories.scan(there, { limit: 10 })).toEqual([]);
  expect((await memories.list(there, { userId: 'u1' }, PAGE)).items).toEqual([]);
  expect((await memories.eraseUser(there, { userId: 'u1', actor: 'x' })).erased.memories).toBe(0);
  expect(await memories.get(ws, id)).toMatchObject({ text: 'mine alone', version: 1 });
});
