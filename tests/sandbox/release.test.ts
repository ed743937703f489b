import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import {
  createRunSandboxes,
  type RunSandboxes,
  type SandboxWork,
} from '../../activities/sandbox/run-sandboxes.ts';
import { createSandboxStore, type SandboxStore } from '../../db/stores/sandbox-store.ts';
import { createStores, createTenant, type Tenant } from '../db/fixtures.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../contracts/sandbox.ts';
import { FakeDriver, type FakeProgram } from './fake-driver.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { until } from '../harness/until.ts';
import type { RunRef } from '../../contracts/journal.ts';

let schema: TestSchema;
let tenant: Tenant;
let files: FileStore;
let sandboxStore: SandboxStore;

beforeAll(async () => {
  schema = await freshSchema();
  tenant = await createTenant(createStores(schema.database));
  files = createFileStore(schema.database);
  sandboxStore = createSandboxStore(schema.database);
});

afterAll(() => schema.drop());

function open(driver: FakeDriver): RunSandboxes {
  return createRunSandboxes({
    drivers: [driver],
    files,
    sandboxes: sandboxStore,
    minLevel: async () => 'process',
    host: 'here',
    warn: (sentence) => {
      throw new Error(sentence);
    },
  });
}

const writing: FakeProgram = async (contents) => {
  contents.set('a.txt', Buffer.from('one'));
  return 'written';
};

function workOf(run: RunRef): SandboxWork {
  return {
    ...run,
    stepId: 'step',
    actor: 'test@1',
    policy: DEFAULT_SANDBOX_POLICY,
    image: 'python',
    commandId: 'c1',
    argv: ['work'],
    deadlineMs: 10_000,
    signal: new AbortController().signal,
    onOutput: () => undefined,
  };
}

describe("a run's sandbox that its run rests from", () => {
  test('is freed with its files kept', async () => {
    const driver = new FakeDriver(writing);
    const sandboxes = open(driver);
    const run = await tenant.seedRun();
    await sandboxes.execute(workOf(run));
    await sandboxes.release(run);
    await new Promise((resolve) => setImmediate(resolve));
    expect(driver.living).toEqual([]);
    const space = { workspaceId: run.workspaceId, spaceId: run.runId };
    expect((await files.manifest(space)).entries).toMatchObject([{ path: 'a.txt' }]);
  });

  test('in use is freed when the use is over', async () => {
    const working = Promise.withResolvers<string>();
    const driver = new FakeDriver(() => working.promise);
    const sandboxes = open(driver);
    const run = await tenant.seedRun();
    const executed = sandboxes.execute(workOf(run));
    await until('the sandbox', () => driver.living.length === 1);
    await sandboxes.release(run);
    expect(driver.living).toHaveLength(1);
    working.resolve('done');
    expect(await executed).toMatchObject({ stdout: 'done' });
    await until('its end', () => driver.living.length === 0);
    expect((await sandboxStore.list(run)).map(({ died }) => died)).toEqual(['evicted']);
  });
});
