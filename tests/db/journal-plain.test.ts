import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call, doneStep, doneUnit, endUnit, reservation } from './journal-fixtures.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import type { CommitResult, CommitUnit, Journal, RunRef } from '../../contracts/journal.ts';

type OpenJournal = Journal & AsyncDisposable;

let schema: TestSchema;
/** Stand for two processes: each has a pool and a group writer of its own. */
let databases: readonly Database[];
let journals: readonly [OpenJournal, OpenJournal];
let stores: Stores;
let tenant: Tenant;

beforeAll(async () => {
  schema = await freshSchema();
  const open = (): Database =>
    createDatabase({ connectionString: schema.connectionString, maxConnections: 8 });
  const [a, b] = [open(), open()];
  databases = [a, b];
  journals = [createJournal(a), createJournal(b)];
  stores = createStores(schema.database);
  tenant = await createTenant(stores);
});

afterAll(async () => {
  for (const journal of journals) await journal[Symbol.asyncDispose]();
  for (const database of databases) await database[Symbol.asyncDispose]();
  await schema.drop();
});

async function seedRuns(count: number): Promise<readonly RunRef[]> {
  return Promise.all(Array.from({ length: count }, () => tenant.seedRun()));
}

async function numbers({ workspaceId, runId }: RunRef): Promise<readonly number[]> {
  const events = await stores.runs.events(workspaceId, runId, { afterSeq: 0, limit: 1_000 });
  return events.map(({ seq }) => seq);
}

function oneTo(n: number): readonly number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}

describe('plain units', () => {
  test('are written beside those whose run has ended or that are superseded or large', async () => {
    const runs = await seedRuns(4);
    const [ended, superseded, large, plain] = runs;
    if (!ended || !superseded || !large || !plain) throw new Error('no runs');
    await journals[0].commit(endUnit(ended));
    const answers = await commitAll([
      doneUnit(ended, call(1)),
      doneUnit(superseded, call(1), { epoch: 1 }),
      doneUnit(large, call(1), { snapshot: { key: call(1).key, state: {} } }),
      doneUnit(large, call(2)),
      doneUnit(plain, call(1)),
      doneUnit(plain, call(2)),
    ]);
    expect(answers).toEqual([
      { kind: 'run_ended' },
      { kind: 'superseded' },
      { kind: 'committed', lastSeq: 2 },
      { kind: 'committed', lastSeq: 3 },
      { kind: 'committed', lastSeq: 2 },
      { kind: 'committed', lastSeq: 3 },
    ]);
    expect(await Promise.all(runs.map(numbers))).toEqual([[1, 2], [1], oneTo(3), oneTo(3)]);
  });

  test('are written beside one whose step exists already', async () => {
    const runs = await seedRuns(3);
    const [written, plain] = runs;
    if (!written || !plain) throw new Error('no runs');
    const first = doneStep(call(1), { outcome: { kind: 'done', take: 7 } });
    await journals[0].commit(doneUnit(written, call(1), { step: first }));
    const answers = await commitAll([
      ...runs.map((ref) => doneUnit(ref, call(1))),
      doneUnit(written, call(2)),
      doneUnit(plain, call(2)),
    ]);
    expect(answers).toEqual([
      { kind: 'finished', outcome: { kind: 'done', take: 7 } },
      { kind: 'committed', lastSeq: 2 },
      { kind: 'committed', lastSeq: 2 },
      { kind: 'committed', lastSeq: 3 },
      { kind: 'committed', lastSeq: 3 },
    ]);
    expect(await Promise.all(runs.map(numbers))).toEqual([oneTo(3), oneTo(3), [1, 2]]);
  });

  test('are judged by what others wrote while they waited for the lock', async () => {
    const runs = await seedRuns(4);
    const release = await lock(runs);
    const commits = journals.map((journal, index) => {
      const step = doneStep(call(1), { outcome: { kind: 'done', take: index } });
      // The last run has a step of its own in either process.
      return runs.map((ref, n) =>
        journal.commit(doneUnit(ref, call(n < 3 ? 1 : index + 1), n < 3 ? { step } : {})),
      );
    });
    await waiting(2);
    await release();
    const answers = await Promise.all(commits.map((batch) => Promise.all(batch)));
    const winner = answers.findIndex(([answer]) => answer?.kind === 'committed');
    const lost = { kind: 'finished', outcome: { kind: 'done', take: winner } };
    expect(answers[1 - winner]).toEqual([lost, lost, lost, { kind: 'committed', lastSeq: 3 }]);
    expect(await Promise.all(runs.map(numbers))).toEqual([[1, 2], [1, 2], [1, 2], oneTo(3)]);
  });

  test('that end their run take along text that came while they waited for the lock', async () => {
    const [ref] = await seedRuns(1);
    if (ref === undefined) throw new Error('no run');
    await journals[0].reserve(reservation(ref, call(1)));
    const release = await lock([ref]);
    journals[1].appendToken({ ...ref, stepId: call(1).stepId, attempt: 1, text: 'late' });
    // The text waits first, and the end reads the journal while it waits behind it.
    await waiting(1);
    const { end } = endUnit(ref);
    if (end === undefined) throw new Error('no end');
    const last = journals[0].commit(doneUnit(ref, call(2), { end }));
    await waiting(2);
    await release();
    expect(await last).toMatchObject({ kind: 'committed' });
    const all = { after: { seq: 0, sub: 0 }, limit: 100 };
    expect(await stores.runs.tokens(ref.workspaceId, ref.runId, all)).toEqual([]);
  });

  function commitAll(units: readonly CommitUnit[]): Promise<readonly CommitResult[]> {
    return Promise.all(units.map((unit) => journals[0].commit(unit)));
  }

  /** Holds the rows of the runs until it is released. */
  async function lock(runs: readonly RunRef[]): Promise<() => Promise<void>> {
    const client = await schema.database.pool.connect();
    await client.query('begin');
    await client.query('select from runs where id = any ($1) for update', [
      runs.map(({ runId }) => runId),
    ]);
    return async () => {
      await client.query('commit');
      client.release();
    };
  }

  /** Comes back once that many statements of this schema wait for a lock. */
  async function waiting(count: number): Promise<void> {
    for (;;) {
      const { rows } = await schema.database.pool.query(
        `select from pg_locks l where not granted and pid in (
           select pid from pg_locks where relation = 'runs'::regclass
         )`,
      );
      if (rows.length >= count) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
});

test('a run that is deleted takes its journal along', async () => {
  const [ref, other] = await seedRuns(2);
  if (ref === undefined || other === undefined) throw new Error('no run');
  for (const run of [ref, other]) await journals[0].commit(doneUnit(run, call(1)));
  await schema.database.pool.query('delete from runs where id = $1', [ref.runId]);
  const { rows } = await schema.database.pool.query(
    `select run_id from steps where run_id = any ($1)
     union all select run_id from events where run_id = any ($1)`,
    [[ref.runId, other.runId]],
  );
  expect(rows).toEqual([1, 2, 3].map(() => ({ run_id: other.runId })));
});
