import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ANN, DAY, memory, openMemoryBench, PAGE, type MemoryBench } from './memory-bench.ts';
import { createTenant } from './fixtures.ts';
import { dueQuery } from '../../db/memory/forget.ts';
import type { Memory, NewMemory } from '../../contracts/memory.ts';
import type { MemoryStore } from '../../db/stores/memory-store.ts';
import { sql } from 'kysely';

let bench: MemoryBench;
let memories: MemoryStore;
/** A workspace of each test's own. */
let ws: string;

beforeAll(async () => {
  bench = await openMemoryBench();
  memories = bench.memories;
});

beforeEach(async () => {
  ws = (await createTenant(bench.stores)).workspaceId;
});

afterAll(() => bench.schema.drop());

async function remember(text: string, more: Partial<NewMemory> = {}): Promise<Memory> {
  const [made] = await memories.remember(ws, [memory(text, more)], ANN);
  if (made === undefined) throw new Error('nothing was written');
  return made.memory;
}

async function due(): Promise<readonly string[]> {
  return (await memories.due(ws, 100)).map(({ text }) => text);
}

describe('use', () => {
  test('strengthens a memory, once for uses that follow each other closely', async () => {
    const { id, stabilityMs } = await remember('used');
    expect(await memories.touch(ws, [id])).toBe(0);
    bench.wait(7 * DAY);
    const uses = await Promise.all([1, 2, 3, 4].map(() => memories.touch(ws, [id, 'mem_x'])));
    expect(uses.toSorted()).toEqual([0, 0, 0, 1]);
    const used = await memories.get(ws, id);
    expect(used.stabilityMs).toBe(Math.round(stabilityMs * (2 - 1 / Math.E)));
    const now = bench.now().toISOString();
    expect(used).toMatchObject({ accessCount: 1, lastAccessAt: now, touches: [now], version: 2 });
    const expected = bench.now().getTime() + used.stabilityMs * Math.log(10);
    expect(Date.parse(used.forgetAt)).toBe(Math.round(expected));
  });

  test('is kept for the last twenty times', async () => {
    const { id } = await remember('used often');
    for (let use = 0; use < 23; use += 1) {
      bench.wait(DAY);
      await memories.touch(ws, [id]);
    }
    const { touches, accessCount } = await memories.get(ws, id);
    expect([touches.length, accessCount]).toEqual([20, 23]);
    expect(touches.at(-1)).toBe(bench.now().toISOString());
    expect(touches[0]).toBe(new Date(bench.now().getTime() - 19 * DAY).toISOString());
  });
});

describe('a memory is due', () => {
  test('when it has faded, unless something keeps it', async () => {
    await remember('faded');
    await remember('important', { importance: 1 });
    await remember('a fact', { kind: 'fact' });
    await remember('pinned', { pinned: true });
    const ended = await remember('an old fact', { kind: 'fact' });
    await memories.close(ws, ended.id, { invalidAt: bench.now().toISOString(), ...ANN });
    const held = await remember('held');
    await memories.mark(ws, held.id, { legalHold: true, ...ANN });
    bench.wait(7 * DAY * Math.log(10) - 1);
    expect(await due()).toEqual([]);
    expect(await memories.workspacesDue()).not.toContain(ws);
    bench.wait(2);
    expect((await due()).toSorted()).toEqual(['an old fact', 'faded']);
    expect(await memories.workspacesDue()).toContain(ws);
    bench.wait(30 * DAY);
    expect(await due()).toContain('important');
    await memories.mark(ws, held.id, { legalHold: false, ...ANN });
    expect(await due()).toContain('held');
  });

  test('not before its fact has ended', async () => {
    const { id } = await remember('a fact until later', { kind: 'fact' });
    const invalidAt = new Date(bench.now().getTime() + 100 * DAY).toISOString();
    await memories.close(ws, id, { invalidAt, ...ANN });
    bench.wait(60 * DAY);
    expect(await due()).toEqual([]);
    bench.wait(41 * DAY);
    expect(await due()).toEqual(['a fact until later']);
  });

  test('and is found by an index that holds little else, however many are not', async () => {
    const { kysely } = bench.schema.database;
    const past = new Date(bench.now().getTime() - DAY);
    await sql`
      insert into memories (workspace_id, id, kind, scope, text, text_hash, importance,
        stability_ms, last_access_at, forget_at, valid_at, origin, trusted, created_at, updated_at)
      select ${ws}, 'mem_' || i, 'episode', 'workspace', 't', 'h' || i, 0.5, 1000, ${past},
        case when i % 1000 = 0 then ${past}::timestamptz
          else ${bench.now()}::timestamptz + interval '1 day' end,
        ${past}, 'user', true, ${past}, ${past}
      from generate_series(1, 20000) i`.execute(kysely);
    await sql`analyze memories`.execute(kysely);
    expect(await memories.due(ws, 100)).toHaveLength(20);
    const { rows } = await sql<{ readonly 'QUERY PLAN': string }>`
      explain (analyze, buffers, costs off, timing off, summary off)
      ${dueQuery(ws, bench.now(), 100)}`.execute(kysely);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('memories_due');
    expect(plan).not.toMatch(/Rows Removed|Seq Scan on memories m\b/);
    // A page of the index and one row each; all 20,000 would be hundreds of pages.
    const [, pages = '999'] = /Buffers: shared hit=(\d+)/.exec(plan) ?? [];
    expect(Number(pages)).toBeLessThan(150);
  });
});

describe('forgetting', () => {
  test('archives what a summary replaces, and deletes it when its retention is over', async () => {
    const ids = [(await remember('one')).id, (await remember('two')).id].sort();
    bench.wait(20 * DAY);
    const summary = { ...memory('one and two'), origin: 'summary', key: 'sum-1' } as const;
    const request = {
      groups: [{ sources: ids, summary }],
      author: { actor: 'sweep', why: 'faded' },
      retentionMs: DAY,
    };
    const [made] = await memories.consolidate(ws, request);
    expect(made?.summary.memory).toMatchObject({ derivedFrom: ids, text: 'one and two' });
    expect(made?.archived.map(({ id }) => id).sort()).toEqual(ids);
    const [again] = await memories.consolidate(ws, request);
    expect(again).toMatchObject({ summary: { kind: 'existing' }, archived: [] });
    expect(await memories.usage(ws)).toMatchObject({ active: 1 });
    expect((await memories.list(ws, { status: 'archived' }, PAGE)).items).toHaveLength(2);
    expect(await memories.deleteExpired(ws, 10)).toEqual([]);
    bench.wait(DAY);
    await memories.mark(ws, ids[0] ?? '', { pinned: true, ...ANN });
    expect(await memories.deleteExpired(ws, 10)).toEqual([ids[1]]);
    expect(await memories.get(ws, ids[1] ?? '')).toMatchObject({ status: 'deleted', text: '' });
    expect(await memories.get(ws, ids[0] ?? '')).toMatchObject({ status: 'archived', text: 'one' });
  });

  test('leaves alone what was used after it was found due', async () => {
    const sources = [(await remember('used in between')).id, (await remember('not used')).id];
    const other = (await remember('of another group')).id;
    bench.wait(20 * DAY);
    expect(await memories.due(ws, 10)).toHaveLength(3);
    await memories.touch(ws, sources.slice(0, 1));
    const groups = [
      { sources: [other], summary: { ...memory('other'), key: 'sum-3' } },
      { sources, summary: { ...memory('both'), key: 'sum-2' } },
    ];
    await expect(memories.consolidate(ws, { groups, author: ANN })).rejects.toMatchObject({
      code: 'memory.conflict',
    });
    expect(await memories.get(ws, other)).toMatchObject({ status: 'active', version: 1 });
    const archived = await memories.archive(ws, { ids: sources, author: ANN, onlyDue: true });
    expect(archived.map(({ text }) => text)).toEqual(['not used']);
    expect((await memories.restore(ws, sources, ANN)).map(({ text }) => text)).toEqual([
      'not used',
    ]);
    expect(await due()).toEqual(['of another group']);
    expect(await memories.usage(ws)).toMatchObject({ active: 3 });
  });
});
