import { afterAll, describe, expect, test } from '@jest/globals';
import { approval, call, doneUnit, reservation } from './journal-fixtures.ts';
import { createDatabase } from '../../db/database.ts';
import { createJournal } from '../../db/journal/journal.ts';
import { createStores } from './fixtures.ts';

/** Nothing listens there. */
const database = createDatabase({
  connectionString: 'postgres://postgres@127.0.0.1:1/postgres',
  maxConnections: 2,
});
const journal = createJournal(database);
const stores = createStores(database);
const ref = { workspaceId: 'ws', runId: 'run' };
const all = [{ after: '', upTo: '~' }];

afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

const CALLS: readonly [string, () => Promise<unknown>][] = [
  ['loadRun', () => journal.loadRun(ref)],
  ['loadVersion', () => journal.loadVersion('ws', 'ver')],
  ['loadSteps', () => journal.loadSteps(ref, 0)],
  ['loadStep', () => journal.loadStep(ref, 0, 'a:1')],
  ['loadMessages', () => journal.loadMessages('ws', 'thr', 1)],
  ['loadDeltas', () => journal.loadDeltas(ref, 0, all)],
  ['reserve', () => journal.reserve(reservation(ref, call(1)))],
  ['commit', () => journal.commit(doneUnit(ref, call(1)))],
  ['settle', () => journal.settle(ref, 'task', approval())],
  ['putValue', () => journal.putValue('ws', 'x'.repeat(20_000))],
  ['getValue', () => journal.getValue('ws', { $blob: 'x', sizeBytes: 1 })],
  ['runs.get', () => stores.runs.get('ws', 'run')],
  ['runs.list', () => stores.runs.list('ws', {}, { limit: 1 })],
  ['runs.stream', () => stores.runs.stream('ws', 'run', { after: { seq: 0, sub: 0 }, limit: 1 })],
  ['runs.requestCancel', () => stores.runs.requestCancel('ws', 'run')],
  ['agents.get', () => stores.agents.get('ws', 'agt')],
  ['threads.append', () => stores.threads.append('ws', 'thr', [])],
];

describe('a database that cannot be reached', () => {
  test.each(CALLS)('fails %s as retryable', async (_name, ask) => {
    await expect(ask()).rejects.toMatchObject({ code: 'service.unavailable', retryable: true });
  });
});
