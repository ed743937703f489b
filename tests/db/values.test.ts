import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { call, doneStep, doneUnit } from './journal-fixtures.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import { isBlobRef } from '../../contracts/blob.ts';
import type { Json } from '../../contracts/json.ts';

let schema: TestSchema;
let journal: ReturnType<typeof createJournal>;
let stores: Stores;
let tenant: Tenant;

beforeAll(async () => {
  schema = await freshSchema();
  journal = createJournal(schema.database);
  stores = createStores(schema.database);
  tenant = await createTenant(stores);
});

afterAll(async () => {
  await journal[Symbol.asyncDispose]();
  await schema.drop();
});

async function countBlobs(workspaceId: string): Promise<number> {
  const { rows } = await schema.database.pool.query<{ count: number }>(
    'select count(*) from blobs where workspace_id = $1',
    [workspaceId],
  );
  return rows[0]?.count ?? -1;
}

test('a value of 5 MB is stored once, however often and at once it is put', async () => {
  const { workspaceId } = tenant;
  const lines = Array.from({ length: 5_000 }, (_, index) =>
    `${index} `.repeat(1_100).slice(0, 1_100),
  );
  const value = { lines };
  const stored = await Promise.all([1, 2, 3].map(() => journal.putValue(workspaceId, value)));
  expect(new Set(stored.map((ref) => JSON.stringify(ref))).size).toBe(1);
  const [ref] = stored;
  expect(isBlobRef(ref) && ref.sizeBytes).toBeGreaterThan(4_900_000);
  expect(await countBlobs(workspaceId)).toBe(1);
  expect(await journal.getValue(workspaceId, stored[0] ?? null)).toEqual(value);
  const other = await createTenant(stores);
  await journal.putValue(other.workspaceId, value);
  expect(await countBlobs(other.workspaceId)).toBe(1);
});

test('values above 32 MiB are refused', async () => {
  const value = Array.from({ length: 33 }, () => 'x'.repeat(1024 * 1024));
  await expect(journal.putValue(tenant.workspaceId, value)).rejects.toMatchObject({
    code: 'value.too_large',
  });
});

test('characters that the database cannot hold are replaced, all others kept', async () => {
  const ref = await tenant.seedRun();
  const strange = { 'k\0': 'a\0b', low: '\udc00x', high: 'x\ud800', pair: '😀', text: '\\u0000' };
  const kept: Json = {
    'k\uFFFD': 'a\uFFFDb',
    low: '\uFFFDx',
    high: 'x\uFFFD',
    pair: '😀',
    text: '\\u0000',
  };
  await journal.commit(
    doneUnit(ref, call(1), {
      step: doneStep(call(1), { result: strange }),
      events: [{ type: 'step.completed', stepId: 'set:1', data: strange }],
    }),
  );
  expect(await journal.loadStep(ref, 0, 'set:1')).toMatchObject({ result: kept });
  const range = { afterSeq: 1, limit: 1 };
  const [event] = await stores.runs.events(ref.workspaceId, ref.runId, range);
  expect(event?.data).toEqual(kept);

  const large = { text: 'a\0\ud800'.repeat(10_000) };
  const blob = await journal.putValue(ref.workspaceId, large);
  const back = await journal.getValue(ref.workspaceId, blob);
  expect(back).toEqual({ text: 'a\uFFFD\uFFFD'.repeat(10_000) });

  const { run } = await tenant.createRun({ input: strange });
  expect((await stores.runs.get(ref.workspaceId, run.id)).input).toEqual(kept);
  const named = { name: 'n\0', description: '\0' };
  const agent = await stores.agents.create(ref.workspaceId, named);
  expect(agent).toMatchObject({ name: 'n\uFFFD', description: '\uFFFD' });
  await expect(stores.agents.get(ref.workspaceId, 'agt_\0')).rejects.toMatchObject({
    code: 'agent.not_found',
  });
  expect(await stores.runs.step(ref.workspaceId, ref.runId, 'a\0')).toBeNull();
  await expect(stores.runs.get(ref.workspaceId, 'run_\0')).rejects.toMatchObject({
    code: 'run.not_found',
  });
});

test('JSON null is a value like others', async () => {
  const ref = await tenant.seedRun();
  await journal.commit({
    ...doneUnit(ref, call(1), { step: doneStep(call(1), { result: null, deltas: [] }) }),
  });
  expect(await journal.loadStep(ref, 0, 'set:1')).toMatchObject({ result: null });
  const { run } = await tenant.createRun({ input: null });
  expect(run.input).toBeNull();
});
