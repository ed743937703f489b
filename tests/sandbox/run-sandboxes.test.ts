import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import { createRunSandboxes } from '../../activities/sandbox/run-sandboxes.ts';
import { createSandboxTools } from '../../activities/tools/sandbox/sandbox-tools.ts';
import { createStores, createTenant, type Tenant } from '../db/fixtures.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../contracts/sandbox.ts';
import { FakeDriver, type FakeProgram } from './fake-driver.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { SandboxWork } from '../../activities/sandbox/run-sandboxes.ts';
import type { ToolContext } from '../../activities/tools/tool.ts';

let schema: TestSchema;
let tenant: Tenant;
let files: FileStore;

beforeAll(async () => {
  schema = await freshSchema();
  tenant = await createTenant(createStores(schema.database));
  files = createFileStore(schema.database);
});

afterAll(() => schema.drop());

/** `write path text`, `remove path`, anything else does nothing. */
const program: FakeProgram = async (contents, { argv }) => {
  const [verb, path = '', text = ''] = argv;
  if (verb === 'write') contents.set(path, Buffer.from(text));
  if (verb === 'remove') contents.delete(path);
  return `did ${verb ?? ''}`;
};

function workOf(run: RunRef, commandId: string, argv: readonly string[]): SandboxWork {
  return {
    ...run,
    stepId: 'step',
    actor: 'test@1',
    policy: DEFAULT_SANDBOX_POLICY,
    image: 'python',
    commandId,
    argv,
    deadlineMs: 10_000,
    signal: new AbortController().signal,
    onOutput: () => undefined,
  };
}

async function pathsOf(run: RunRef): Promise<readonly string[]> {
  const space = { workspaceId: run.workspaceId, spaceId: run.runId };
  return (await files.manifest(space)).entries.map(({ path }) => path);
}

describe("a run's sandbox", () => {
  test('keeps what commands change as versions, and transfers nothing else', async () => {
    const driver = new FakeDriver(program);
    const sandboxes = createRunSandboxes({ drivers: [driver], files });
    const run = await tenant.seedRun();
    const space = { workspaceId: run.workspaceId, spaceId: run.runId };
    const first = await sandboxes.execute(workOf(run, 'c1', ['write', 'a.txt', 'one']));
    expect(first).toMatchObject({ stdout: 'did write', changed: ['a.txt'], restored: true });
    await sandboxes.execute(workOf(run, 'c2', ['write', 'b.txt', 'two']));
    const third = await sandboxes.execute(workOf(run, 'c3', ['write', 'a.txt', 'three']));
    expect(third).toMatchObject({ changed: ['a.txt'], restored: false });
    expect((await files.read(space, 'a.txt', 1)).bytes.toString()).toBe('one');
    expect((await files.read(space, 'a.txt')).bytes.toString()).toBe('three');
    expect(driver.living[0]?.transfers).toEqual({ written: [], read: ['a.txt', 'b.txt', 'a.txt'] });
    expect(driver.created).toHaveLength(1);
  });

  test('is made again with its files after it was lost', async () => {
    const driver = new FakeDriver(program);
    const sandboxes = createRunSandboxes({ drivers: [driver], files });
    const run = await tenant.seedRun();
    await sandboxes.execute(workOf(run, 'c1', ['write', 'kept.txt', 'kept']));
    await sandboxes.execute(workOf(run, 'c2', ['write', 'gone.txt', 'gone']));
    await sandboxes.execute(workOf(run, 'c3', ['remove', 'gone.txt']));
    driver.living[0]?.die('oom');
    await new Promise((resolve) => setImmediate(resolve));
    const again = await sandboxes.execute(workOf(run, 'c4', ['look']));
    expect(again.restored).toBe(true);
    expect([...(driver.living[0]?.contents.keys() ?? [])]).toEqual(['kept.txt']);
    expect(await pathsOf(run)).toEqual(['kept.txt']);
  });

  test('that another worker left is attached to, and what its command changed is kept', async () => {
    let runs = 0;
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const driver = new FakeDriver(async (contents) => {
      runs += 1;
      await finished;
      contents.set('late.txt', Buffer.from('late'));
      return 'done';
    });
    const run = await tenant.seedRun();
    const first = createRunSandboxes({ drivers: [driver], files });
    first.execute(workOf(run, 'long', ['work'])).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = createRunSandboxes({ drivers: [driver], files });
    const attached = second.execute(workOf(run, 'long', ['work']));
    finish();
    expect(await attached).toMatchObject({ stdout: 'done', restored: false });
    expect(runs).toBe(1);
    expect(await pathsOf(run)).toEqual(['late.txt']);
  });

  test('is freed with its files kept', async () => {
    const driver = new FakeDriver(program);
    const sandboxes = createRunSandboxes({ drivers: [driver], files });
    const run = await tenant.seedRun();
    await sandboxes.execute(workOf(run, 'c1', ['write', 'a.txt', 'one']));
    await sandboxes.release(run);
    await new Promise((resolve) => setImmediate(resolve));
    expect(driver.living).toEqual([]);
    expect(await pathsOf(run)).toEqual(['a.txt']);
  });

  test('is as strong as asked, and refused where nothing is', async () => {
    const weak = new FakeDriver(program, 'process');
    const strong = new FakeDriver(program, 'gvisor');
    const sandboxes = createRunSandboxes({ drivers: [strong, weak], files });
    const run = await tenant.seedRun();
    await sandboxes.execute(workOf(run, 'c1', ['look']));
    expect([weak.created.length, strong.created.length]).toEqual([1, 0]);
    const asked = { ...workOf(await tenant.seedRun(), 'c1', ['look']) };
    const policy = { ...DEFAULT_SANDBOX_POLICY, level: 'docker' as const };
    await sandboxes.execute({ ...asked, policy });
    expect([weak.created.length, strong.created.length]).toEqual([1, 1]);
    const microvm = { ...DEFAULT_SANDBOX_POLICY, level: 'microvm' as const };
    await expect(
      sandboxes.execute({ ...asked, policy: microvm, image: 'base' }),
    ).rejects.toMatchObject({
      code: 'sandbox.level_unavailable',
    });
  });
});

describe('tools that run code', () => {
  test('tell a model that the sandbox was lost', async () => {
    const driver = new FakeDriver(() => new Promise(() => undefined));
    const sandboxes = createRunSandboxes({ drivers: [driver], files });
    const tool = createSandboxTools(sandboxes).find(({ name }) => name === 'bash');
    const run = await tenant.seedRun();
    const called = tool?.execute({ command: 'sleep 100' }, contextOf(run));
    setTimeout(() => driver.living[0]?.die('oom'), 100);
    await expect(called).rejects.toMatchObject({
      code: 'tool.refused',
      message: expect.stringContaining('died: oom'),
    });
  });

  test('answer with exit code, output and changed files', async () => {
    const driver = new FakeDriver(async (contents, { argv, stdin }) => {
      contents.set('code', Buffer.from(stdin ?? ''));
      return argv[3] ?? '';
    });
    const sandboxes = createRunSandboxes({ drivers: [driver], files });
    const tool = createSandboxTools(sandboxes).find(({ name }) => name === 'run_code');
    const shown: string[] = [];
    const run = await tenant.seedRun();
    const context = { ...contextOf(run), onOutput: (_: string, text: string) => shown.push(text) };
    const code = { language: 'python', code: 'print(1)' };
    expect(await tool?.execute(code, context)).toMatchObject({
      exitCode: 0,
      stdout: 'python',
      changedFiles: ['code'],
    });
    expect(shown).toEqual(['python']);
    expect(driver.living[0]?.contents.get('code')?.toString()).toBe('print(1)');
  });
});

function contextOf(run: RunRef): ToolContext {
  return {
    ...run,
    signal: new AbortController().signal,
    idempotencyKey: 'key',
    stepId: 'step',
    actor: 'test@1',
    sandbox: DEFAULT_SANDBOX_POLICY,
    onOutput: () => undefined,
  };
}
