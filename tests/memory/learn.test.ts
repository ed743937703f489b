import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ANN, DAY, openMemoryHarness, said, user, type MemoryHarness } from './memory-harness.ts';
import type { Learned, MemoryDraft } from '../../contracts/recall.ts';
import type { Memory } from '../../contracts/memory.ts';

let bench: MemoryHarness;
let ws: string;

beforeAll(async () => {
  bench = await openMemoryHarness();
  ws = bench.workspaceId;
});

afterAll(() => bench.close());

const learn = (...drafts: readonly MemoryDraft[]) => bench.memory.service.remember(ws, drafts, ANN);
const fact = (text: string, more: Partial<MemoryDraft> = {}) =>
  said(text, { kind: 'fact', ...more });

function memoryOf(answer: Learned | undefined): Memory {
  if (answer === undefined || answer.kind === 'refused') throw new Error('nothing was learnt');
  return answer.memory;
}

const kinds = (answers: readonly Learned[]) => answers.map(({ kind }) => kind);

describe('what is known already', () => {
  test('is not written again, whether it stands in the database or in the same batch', async () => {
    const [first] = await learn(fact('Anna works as a nurse at the children hospital in Turin'));
    expect(
      kinds(
        await learn(
          fact('Anna worked as a nurse, at the children hospital in Turin!'),
          fact('Boris plays the cello in the city orchestra on Sundays'),
          fact('Boris played the cello in the city orchestra, on Sunday'),
        ),
      ),
    ).toEqual(['near_duplicate', 'created', 'near_duplicate']);
    expect(memoryOf(first).status).toBe('active');
  });

  test.each([
    [
      'other numbers',
      'The rent of the flat is 900 a month now',
      'The rent of the flat is 950 a month now',
    ],
    [
      'another name',
      'The whole family moved to Rome last spring',
      'The whole family moved to Oslo last spring',
    ],
    [
      'who did it to whom',
      'Then Carla lent David her old bicycle',
      'Then David lent Carla her old bicycle',
    ],
    ['another person', 'Yesterday we saw an owl', 'Yesterday we saw an owl'],
  ])('is something else with %s', async (what, before, after) => {
    const userId = what === 'another person' ? 'u9' : 'u1';
    expect(kinds(await learn(fact(before), fact(after, { userId })))).toEqual([
      'created',
      'created',
    ]);
  });

  test('is answered by its key when it is written a second time', async () => {
    const draft = fact('Eva speaks Catalan with her grandmother', { key: 'eva' });
    const [first] = await learn(draft);
    const [again] = await learn(draft);
    expect(again).toMatchObject({ kind: 'existing', memory: { id: memoryOf(first).id } });
  });
});

describe('what is contradicted', () => {
  test('ends and is kept, when the same is said to be so no more', async () => {
    const old = memoryOf((await learn(fact('Felix eats meat')))[0]);
    const [answer] = await learn(fact('Felix does not eat meat any more'));
    expect(answer).toMatchObject({ kind: 'superseded', closed: [{ id: old.id }] });
    const closed = await bench.memories.get(ws, old.id);
    expect(closed).toMatchObject({ status: 'active', text: 'Felix eats meat' });
    expect(closed.invalidAt).not.toBeNull();
    expect(closed.supersededBy).toBe(memoryOf(answer).id);
    const now = await bench.memory.service.recall(ws, { text: 'Felix meat', owner: user('u1') });
    expect(now.hits.map(({ memory }) => memory.id)).toEqual([memoryOf(answer).id]);
    const ever = await bench.memory.service.recall(ws, {
      text: 'Felix meat',
      owner: user('u1'),
      filters: { validAt: null },
    });
    expect(ever.hits).toHaveLength(2);
  });

  test('is named by its writer, who cannot end what another owner remembers', async () => {
    const mine = memoryOf((await learn(fact('Greta lives in Basel')))[0]);
    const theirs = memoryOf((await learn(fact('Greta lives in Basel', { userId: 'u2' })))[0]);
    const answers = await learn(
      fact('Greta lives in Bern', { contradicts: [mine.id] }),
      fact('Greta lives in Chur', { contradicts: [theirs.id] }),
    );
    expect(answers).toMatchObject([
      { kind: 'superseded', closed: [{ id: mine.id }] },
      { kind: 'refused', code: 'memory.not_found' },
    ]);
    expect((await bench.memories.get(ws, theirs.id)).invalidAt).toBeNull();
  });
});

test('each draft has its answer, and a bad one does not keep the others', async () => {
  const answers = await learn(
    fact('Hugo collects stamps'),
    fact('   '),
    fact('Ida repairs clocks', { importance: 7 }),
    fact('Jan bakes bread'),
  );
  expect(answers).toMatchObject([
    { kind: 'created', memory: { text: 'Hugo collects stamps' } },
    { kind: 'refused', code: 'memory.invalid' },
    { kind: 'refused', code: 'memory.invalid' },
    { kind: 'created', memory: { text: 'Jan bakes bread' } },
  ]);
});

test('a full workspace refuses what is too much, draft by draft', async () => {
  const { active, limit } = await bench.memories.usage(ws);
  await bench.memories.setLimit(ws, active + 1);
  const answers = await learn(fact('Karl sails'), fact('Lena paints'), fact('Karl sails'));
  await bench.memories.setLimit(ws, limit);
  expect(answers.filter(({ kind }) => kind === 'created')).toHaveLength(1);
  expect(answers).toMatchObject([{}, { kind: 'refused', code: 'memory.budget_exceeded' }, {}]);
});

test('feedback strengthens, weakens and ends memories', async () => {
  const { service } = bench.memory;
  const memory = memoryOf((await learn(fact('Mona has two parrots')))[0]);
  const tell = (verdict: 'useful' | 'not_useful' | 'wrong') =>
    service.feedback(ws, { memoryId: memory.id, verdict, note: 'asked' }, ANN);
  expect((await tell('useful')).importance).toBe(0.6);
  expect((await tell('not_useful')).importance).toBe(0.4);
  expect((await tell('wrong')).invalidAt).not.toBeNull();
  const missing = { memoryId: 'mem_unknown', verdict: 'wrong' } as const;
  await expect(service.feedback(ws, missing, ANN)).rejects.toMatchObject({
    code: 'memory.not_found',
  });
});

describe('a sweep', () => {
  test('summarises what has faded and is alike, archives it and deletes it in the end', async () => {
    const walks = [
      'to the lake with the dog',
      'in the forest with the dog',
      'with the dog at dawn',
    ];
    const episodes = await learn(
      ...walks.map((text, i) => said(`Walk number ${i} ${text}, a heron stood there.`)),
      said('A parcel with winter tyres came.', { userId: 'u3' }),
      said('The roof leaked above the kitchen.', { userId: 'u3', pinned: true }),
    );
    const ids = episodes.map((answer) => memoryOf(answer).id);
    expect(await bench.memory.service.sweep(ws, 100)).toMatchObject({ due: 0, archived: 0 });
    bench.wait(60 * DAY);
    const report = await bench.memory.service.sweep(ws, 1_000);
    expect(report.summaries).toBeGreaterThanOrEqual(1);
    expect(report.left).toBe(0);
    const states = await bench.memories.getMany(ws, ids);
    expect(states.map(({ status }) => status)).toEqual([
      'archived',
      'archived',
      'archived',
      'archived',
      'active',
    ]);
    const found = await bench.memory.service.recall(ws, {
      text: 'heron walk dog',
      owner: user('u1'),
    });
    const [summary] = found.hits.filter(({ memory }) => memory.origin === 'summary');
    expect(summary?.memory.derivedFrom.slice().sort()).toEqual(ids.slice(0, 3).sort());
    expect(summary?.memory.text).toMatch(/heron/);
    expect(await bench.memory.service.sweep(ws, 1_000)).toMatchObject({ summaries: 0 });
    bench.wait(31 * DAY);
    let more = true;
    while (more) ({ more } = await bench.memory.service.sweep(ws, 1_000));
    expect((await bench.memories.get(ws, ids[0] ?? '')).text).toBe('');
  });

  test('leaves a group alone of which something was used meanwhile, and no other one', async () => {
    const userId = 'u4';
    const told = [1, 2].flatMap((n) => [
      said(`Ida planted tulips in row ${n}.`, { userId }),
      said(`Snow closed the pass for ${n} hours.`, { userId }),
    ]);
    const [first, ...others] = (await learn(...told)).map((answer) => memoryOf(answer).id);
    bench.wait(60 * DAY);
    const due = bench.memories.due.bind(bench.memories);
    const late = jest.spyOn(bench.memories, 'due').mockImplementationOnce(async (...asked) => {
      const found = await due(...asked);
      await bench.memories.touch(ws, [first ?? '']);
      return found;
    });
    const report = await bench.memory.service.sweep(ws, 1_000);
    late.mockRestore();
    expect(report).toMatchObject({ summaries: 1, archived: 2, left: 2 });
    const states = await bench.memories.getMany(ws, [first ?? '', ...others]);
    expect(states.map(({ status }) => status)).toEqual([
      'active',
      'archived',
      'active',
      'archived',
    ]);
  });
});
