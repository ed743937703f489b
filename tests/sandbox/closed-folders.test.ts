import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import { createRunSandboxes, type RunSandboxes } from '../../activities/sandbox/run-sandboxes.ts';
import { createSandboxStore } from '../../db/stores/sandbox-store.ts';
import { createStores, createTenant, type Tenant } from '../db/fixtures.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../contracts/sandbox.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { FakeDriver } from './fake-driver.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { openBench, type DriverBench } from './docker-fixture.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { SandboxDriver } from '../../adapters/sandbox/port.ts';
import type { SandboxReport } from '../../activities/sandbox/run-sandboxes.ts';

const { reason, socketPath } = await dockerForTests(['base']);

let schema: TestSchema;
let tenant: Tenant;
let files: FileStore;

beforeAll(async () => {
  schema = await freshSchema();
  tenant = await createTenant(createStores(schema.database));
  files = createFileStore(schema.database);
});
afterAll(() => schema.drop());

function openSandboxes(driver: SandboxDriver): RunSandboxes {
  return createRunSandboxes({
    ...{ drivers: [driver], files, sandboxes: createSandboxStore(schema.database) },
    minLevel: async () => 'docker',
    host: 'here',
    warn: () => undefined,
  });
}

/** Executes lines of shell, one after the other. */
function shellOf(sandboxes: RunSandboxes, run: RunRef): (line: string) => Promise<SandboxReport> {
  let commands = 0;
  return (line) =>
    sandboxes.execute({
      ...run,
      ...{ stepId: 'step', actor: 'test@1', policy: DEFAULT_SANDBOX_POLICY, image: 'base' },
      commandId: `c${(commands += 1)}`,
      argv: ['sh', '-c', line],
      deadlineMs: 10_000,
      signal: new AbortController().signal,
      onOutput: () => undefined,
    });
}

async function pathsOf(run: RunRef): Promise<readonly string[]> {
  const { entries } = await files.manifest({ ...run, spaceId: run.runId });
  return entries.map(({ path }) => path);
}

describeUnless(reason, 'folders that a command closes to itself', () => {
  let bench: DriverBench;

  beforeAll(async () => {
    bench = await openBench(socketPath);
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('keep their files as versions, and have them again in the next sandbox', async () => {
    await using sandboxes = openSandboxes(bench.open());
    const run = await tenant.seedRun();
    const execute = shellOf(sandboxes, run);
    await execute('mkdir shut still; echo 1 > shut/a; echo 2 > still/b; echo 3 > dark');
    const closing = await execute('chmod 0 shut dark; chmod 111 still; chmod 555 .');
    expect(closing.unstored).toEqual([]);
    expect(await pathsOf(run)).toEqual(['dark', 'shut', 'shut/a', 'still', 'still/b']);
    await sandboxes.release(run);
    const after = await execute('stat -c %a dark; chmod -R u+rwx .; cat shut/a still/b dark');
    expect(after).toMatchObject({ restored: true, stdout: '0\n1\n2\n3\n' });
  });
});

describe('what a sandbox cannot list', () => {
  test('counts as unknown, not as removed: the next listing makes up for it', async () => {
    const driver = new FakeDriver(async (contents) => {
      contents.set(`closed/${contents.size}`, Buffer.from('x'));
      return '';
    });
    await using sandboxes = openSandboxes(driver);
    const run = await tenant.seedRun();
    const execute = shellOf(sandboxes, run);
    await execute('first');
    for (const sandbox of driver.living) sandbox.unreadable = 'closed';
    const failure = { code: 'sandbox.bad_path', message: 'closed' };
    await expect(execute('second')).rejects.toMatchObject(failure);
    expect(await pathsOf(run)).toEqual(['closed/0']);
    for (const sandbox of driver.living) sandbox.unreadable = null;
    expect(await execute('third')).toMatchObject({ changed: ['closed/1', 'closed/2'] });
    expect(await pathsOf(run)).toEqual(['closed/0', 'closed/1', 'closed/2']);
  });
});
