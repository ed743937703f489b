import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  approval,
  call,
  doneStep,
  doneUnit,
  endUnit,
  reservation,
  taskDraft,
  waitUnit,
} from './journal-fixtures.ts';
import { createDatabase, type Database } from '../../db/database.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import type { CommitUnit, Journal, RunRef } from '../../contracts/journal.ts';

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

describe('events', () => {
  test('are numbered without gaps by 50 writers in two processes on the same runs', async () => {
    const runs = await seedRuns(3);
    const writers = 50;
    const each = 6;
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; n < each; n += 1) {
        const ref = runs[(writer + n) % runs.length];
        const journal = journals[writer % 2];
        if (ref === undefined || journal === undefined) throw new Error('no run');
        const step = call(writer * each + n + 1);
        const answer = await journal.commit(doneUnit(ref, step));
        expect(answer.kind).toBe('committed');
      }
    };
    await Promise.all(oneTo(writers).map((writer) => write(writer - 1)));
    let total = 0;
    for (const ref of runs) {
      const seen = await numbers(ref);
      expect(seen).toEqual(oneTo(seen.length));
      expect((await stores.runs.get(ref.workspaceId, ref.runId)).lastEventSeq).toBe(seen.length);
      total += seen.length - 1;
    }
    expect(total).toBe(writers * each);
  });

  test('answers name the number that the unit came to', async () => {
    const [ref] = await seedRuns(1);
    if (ref === undefined) throw new Error('no run');
    const answers = await Promise.all(
      oneTo(20).map((n) => journals[0].commit(doneUnit(ref, call(n)))),
    );
    const seqs = answers.map((answer) => (answer.kind === 'committed' ? answer.lastSeq : 0));
    expect(seqs).toEqual(oneTo(20).map((n) => n + 1));
    const steps = await journals[0].loadSteps(ref, 0);
    expect(steps.map(({ seq }) => seq)).toEqual(seqs);
  });
});

describe('a batch', () => {
  test('of 100 runs is written although one unit of it is refused by the database', async () => {
    const runs = await seedRuns(100);
    const bad = 42;
    const units = runs.map((ref, index): CommitUnit => {
      const unit = doneUnit(ref, call(1));
      if (index !== bad) return unit;
      // Not a moment that the database knows.
      return { ...unit, step: doneStep(call(1), { startedAt: 1e300 }) };
    });
    const answers = await Promise.allSettled(units.map((unit) => journals[0].commit(unit)));
    expect(answers.map(({ status }) => status).indexOf('rejected')).toBe(bad);
    const committed = answers.filter(
      (answer) => answer.status === 'fulfilled' && answer.value.kind === 'committed',
    );
    expect(committed).toHaveLength(99);
    for (const ref of runs.slice(bad - 1, bad + 2)) {
      expect(await numbers(ref)).toEqual(ref === runs[bad] ? [1] : [1, 2]);
    }
  });

  test('of one run keeps its order, also around starts, waits and the end', async () => {
    const [ref] = await seedRuns(1);
    if (ref === undefined) throw new Error('no run');
    const answers = await Promise.all([
      journals[0].commit({
        ...ref,
        epoch: 0,
        start: true,
        events: [{ type: 'run.started', data: {} }],
      }),
      journals[0].commit(doneUnit(ref, call(1))),
      journals[0].commit(doneUnit(ref, call(1))),
      journals[0].commit(waitUnit(ref, call(2), { task: taskDraft() })),
      journals[0].commit(endUnit(ref)),
      journals[0].commit(doneUnit(ref, call(3))),
    ]);
    expect(answers.map(({ kind }) => kind)).toEqual([
      'committed',
      'committed',
      'finished',
      'committed',
      'committed',
      'run_ended',
    ]);
    const events = await stores.runs.events(ref.workspaceId, ref.runId, {
      afterSeq: 0,
      limit: 100,
    });
    expect(events.map(({ type }) => type)).toEqual([
      'run.created',
      'run.started',
      'step.completed',
      'human_task.created',
      'human_task.cancelled',
      'run.succeeded',
    ]);
  });
});

describe('races', () => {
  test('of two processes for a step give each an attempt, and only the last may commit', async () => {
    for (const ref of await seedRuns(10)) {
      const granted = await Promise.all(
        journals.map((journal) => journal.reserve(reservation(ref, call(1)))),
      );
      const attempts = granted.map((answer) => (answer.kind === 'granted' ? answer.attempt : 0));
      expect([...attempts].sort()).toEqual([1, 2]);
      const answers = await Promise.all(
        journals.map((journal, index) =>
          journal.commit(
            doneUnit(ref, call(1), {
              step: doneStep(call(1), {
                attempt: attempts[index] ?? 0,
                result: attempts[index] ?? 0,
              }),
            }),
          ),
        ),
      );
      const kinds = answers.map(({ kind }) => kind).sort();
      // The older attempt is superseded, or too late if the newer one was written before.
      expect(kinds).toContain('committed');
      expect(['finished', 'superseded']).toContain(kinds.find((kind) => kind !== 'committed'));
      expect(await journals[0].loadStep(ref, 0, 'set:1')).toMatchObject({ result: 2 });
    }
  });

  test('of two processes that never reserved are won by one, and the other gets his outcome', async () => {
    for (const ref of await seedRuns(10)) {
      const answers = await Promise.all(
        journals.map((journal, index) =>
          journal.commit(
            doneUnit(ref, call(1), {
              step: doneStep(call(1), { outcome: { kind: 'done', take: index } }),
            }),
          ),
        ),
      );
      const winner = answers.findIndex(({ kind }) => kind === 'committed');
      expect(answers[1 - winner]).toEqual({
        kind: 'finished',
        outcome: { kind: 'done', take: winner },
      });
      expect(await numbers(ref)).toEqual([1, 2]);
    }
  });

  test('of many decisions and the clock leave one settlement and one event', async () => {
    const [ref] = await seedRuns(1);
    if (ref === undefined) throw new Error('no run');
    const task = taskDraft();
    await journals[0].commit(waitUnit(ref, call(1), { task }));
    const settlements = await Promise.all(
      oneTo(10).map((n) =>
        (n % 2 === 0 ? journals[0] : journals[1]).settle(
          ref,
          task.id,
          n === 5 ? 'timeout' : approval(),
        ),
      ),
    );
    for (const settlement of settlements) expect(settlement).toEqual(settlements[0]);
    expect(await numbers(ref)).toEqual([1, 2, 3]);
    expect((await stores.runs.get(ref.workspaceId, ref.runId)).openHumanTasks).toBe(0);
  });

  test('of a decision with the end of the run never leave a task open', async () => {
    for (const ref of await seedRuns(10)) {
      const task = taskDraft();
      await journals[0].commit(waitUnit(ref, call(1), { task }));
      const [decided] = await Promise.allSettled([
        journals[0].settle(ref, task.id, approval()),
        journals[1].commit(endUnit(ref)),
      ]);
      const { status } = await stores.humanTasks.get(ref.workspaceId, task.id);
      expect(status).toBe(decided.status === 'fulfilled' ? 'decided' : 'cancelled');
      const events = await stores.runs.events(ref.workspaceId, ref.runId, {
        afterSeq: 0,
        limit: 100,
      });
      expect(events.at(-1)?.type).toBe('run.succeeded');
      expect(await numbers(ref)).toEqual([1, 2, 3, 4]);
    }
  });

  test('of steps that write text keep pieces in order behind their events', async () => {
    const [ref] = await seedRuns(1);
    if (ref === undefined) throw new Error('no run');
    const steps = oneTo(4).map(call);
    for (const step of steps) await journals[0].reserve(reservation(ref, step));
    for (const round of oneTo(5)) {
      for (const [index, step] of steps.entries()) {
        const journal = index % 2 === 0 ? journals[0] : journals[1];
        journal.appendToken({ ...ref, stepId: step.stepId, attempt: 1, text: `${round} ` });
      }
      await journals[0].commit(doneUnit(ref, call(10 + round)));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const all = { after: { seq: 0, sub: 0 }, limit: 1_000 };
    const stream = await stores.runs.stream(ref.workspaceId, ref.runId, all);
    const places = stream.map((event) => [event.seq, event.type === 'token' ? event.sub : 0]);
    const sorted = [...places].sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
    expect(places).toEqual(sorted);
    expect(new Set(places.map(String)).size).toBe(places.length);
    for (const { stepId } of steps) {
      const text = stream.flatMap((event) =>
        event.type === 'token' && event.stepId === stepId ? [event.text] : [],
      );
      expect(text.join('')).toBe('1 2 3 4 5 ');
    }
    const half = stream[Math.floor(stream.length / 2)];
    if (half === undefined) throw new Error('no entries');
    const after = { seq: half.seq, sub: half.type === 'token' ? half.sub : 0 };
    const rest = await stores.runs.stream(ref.workspaceId, ref.runId, { ...all, after });
    expect(rest).toEqual(stream.slice(stream.indexOf(half) + 1));
  });
});
