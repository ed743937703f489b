import { afterAll, beforeEach, beforeAll, expect, test } from '@jest/globals';
import { call, doneUnit, endUnit, taskDraft, waitUnit } from './journal-fixtures.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import type { QuietSearch } from '../../db/stores/run-store.ts';
import type { RunRef } from '../../contracts/journal.ts';

const SEARCH: QuietSearch = {
  status: 'running',
  quietMs: 30_000,
  longestPauseMs: 900_000,
  limit: 100,
};

let schema: TestSchema;
let journal: ReturnType<typeof createJournal>;
let stores: Stores;
let tenant: Tenant;

beforeAll(async () => {
  schema = await freshSchema();
  journal = createJournal(schema.database);
  stores = createStores(schema.database);
});

beforeEach(async () => {
  tenant = await createTenant(stores);
});

afterAll(async () => {
  await journal[Symbol.asyncDispose]();
  await schema.drop();
});

/** Runs that have begun, or wait for a person, and have done nothing for so many seconds. */
async function quietRuns(
  seconds: readonly number[],
  status: 'running' | 'waiting' = 'running',
): Promise<readonly RunRef[]> {
  const refs: RunRef[] = [];
  for (const age of seconds) {
    const ref = await tenant.seedRun();
    await journal.commit({ ...ref, epoch: 0, start: true, events: [] });
    if (status === 'waiting') await journal.commit(waitUnit(ref, call(1), { task: taskDraft() }));
    await grow(ref, age);
    refs.push(ref);
  }
  return refs;
}

/** Makes a run older; it is due then. */
async function grow({ runId }: RunRef, seconds: number): Promise<void> {
  const { pool } = schema.database;
  const past = `${seconds} * interval '1 second'`;
  await pool.query(`update events set at = at - ${past} where run_id = $1`, [runId]);
  await pool.query(
    `update runs set created_at = created_at - ${past}, look_at = look_at - ${past} where id = $1`,
    [runId],
  );
}

async function secondsToNextLook({ runId }: RunRef): Promise<number> {
  const { rows } = await schema.database.pool.query<{ left: string }>(
    'select extract(epoch from look_at - now()) as left from runs where id = $1',
    [runId],
  );
  return Math.round(Number(rows[0]?.left));
}

async function claim(more: Partial<QuietSearch> = {}): Promise<readonly string[]> {
  return (await stores.runs.claimQuiet({ ...SEARCH, ...more })).map(({ runId }) => runId);
}

test('gives quiet runs to one of many who ask, and not again until they are due', async () => {
  const refs = await quietRuns(Array.from({ length: 12 }, () => 60));
  const claims = await Promise.all([1, 2, 3, 4].map(() => claim({ limit: 5 })));
  const ids = claims.flat();
  expect(new Set(ids).size).toBe(ids.length);
  const all = [...ids, ...(await claim())];
  expect([...all].sort()).toEqual(refs.map(({ runId }) => runId).sort());
  expect(await claim()).toEqual([]);
});

test('leaves alone who has just done something, is queued or has ended', async () => {
  const [busy, ended] = await quietRuns([60, 60]);
  if (busy === undefined || ended === undefined) throw new Error('no runs');
  await journal.commit(doneUnit(busy, call(1)));
  await journal.commit(endUnit(ended));
  await grow(await tenant.seedRun(), 60);
  expect(await claim()).toEqual([]);
  expect(await secondsToNextLook(busy)).toBeGreaterThan(25);
  expect(await secondsToNextLook(busy)).toBeLessThanOrEqual(30);
});

test('looks the more rarely the longer a run is quiet, up to a limit', async () => {
  const refs = await quietRuns([60, 300, 86_400], 'waiting');
  expect(await claim({ status: 'waiting' })).toHaveLength(3);
  const next = await Promise.all(refs.map(secondsToNextLook));
  for (const [index, seconds] of [60, 300, 900].entries()) {
    expect(next[index]).toBeGreaterThan(seconds - 10);
    expect(next[index]).toBeLessThan(seconds + 60);
  }
});

test('takes its turn however many others there are', async () => {
  const waiting = await quietRuns([60, 61, 62, 63, 64, 65], 'waiting');
  const [running] = await quietRuns([40]);
  expect(await claim({ limit: 2 })).toEqual([running?.runId]);
  const turns = [];
  for (const _ of [1, 2, 3]) turns.push(...(await claim({ status: 'waiting', limit: 2 })));
  expect([...turns].sort()).toEqual(waiting.map(({ runId }) => runId).sort());
});

test('tells the epoch that the run was quiet in', async () => {
  const [ref] = await quietRuns([60]);
  await schema.database.pool.query('update runs set epoch = 3 where id = $1', [ref?.runId]);
  expect(await stores.runs.claimQuiet(SEARCH)).toEqual([{ ...ref, epoch: 3 }]);
});
