import { expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';
import { createPatientJournal } from './patient-journal.ts';
import type { RunFacts } from '../../contracts/journal.ts';

const REF = { workspaceId: 'ws_1', runId: 'run_1' };
const FACTS: RunFacts = {
  ...REF,
  versionId: 'ver_1',
  threadId: null,
  userId: null,
  threadPosition: 0,
  status: 'queued',
  input: null,
  epoch: 0,
  createdAt: 0,
  cancelRequested: false,
};

/** A journal whose first answers are these errors, and the pauses made while asking it. */
function failing(errors: readonly Error[]) {
  const left = [...errors];
  const memory = createMemoryJournal({ versions: [], runs: [FACTS] });
  const pauses: number[] = [];
  let now = 0;
  const journal = createPatientJournal(
    {
      ...memory,
      loadRun: async (ref) => {
        const error = left.shift();
        if (error !== undefined) throw error;
        return memory.loadRun(ref);
      },
    },
    {
      maxMs: 1_000,
      now: () => now,
      sleep: async (ms) => {
        pauses.push(ms);
        now += ms;
      },
    },
  );
  return { journal, pauses };
}

const refused = (): Error => Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

test.each([
  ['is unavailable', new AppError('service.unavailable', 'down')],
  ['refuses connections', refused()],
  ['shuts down', Object.assign(new Error('terminating'), { code: '57P01' })],
  ['drops the connection', new Error('Connection terminated unexpectedly')],
])('asks again while the journal %s', async (_name, error) => {
  const { journal, pauses } = failing([error, error]);
  expect(await journal.loadRun(REF)).toEqual(FACTS);
  expect(pauses).toEqual([100, 200]);
});

test('gives up after its time with an error that may be tried again', async () => {
  const { journal, pauses } = failing(Array.from({ length: 99 }, refused));
  await expect(journal.loadRun(REF)).rejects.toMatchObject({ code: 'service.unavailable' });
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(1_000);
});

test.each([
  new AppError('run.not_found', 'none'),
  new Error('a bug'),
  Object.assign(new Error('duplicate key'), { code: '23505' }),
])('passes other errors on at once: %s', async (error) => {
  const { journal, pauses } = failing([error]);
  await expect(journal.loadRun(REF)).rejects.toBe(error);
  expect(pauses).toEqual([]);
});
