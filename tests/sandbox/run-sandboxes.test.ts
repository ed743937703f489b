import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSandboxTools } from '../../activities/tools/sandbox/sandbox-tools.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../contracts/sandbox.ts';
import { FakeDriver, type FakeProgram } from './fake-driver.ts';
import { until } from '../harness/until.ts';
import { openRunSandboxesBench, workOf, type RunSandboxesBench } from './run-sandboxes-fixture.ts';
import type { RunSandboxes } from '../../activities/sandbox/run-sandboxes.ts';
import type { SandboxLevel } from '../../contracts/sandbox.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { ToolContext } from '../../activities/tools/tool.ts';

let bench: RunSandboxesBench;

beforeAll(async () => {
  bench = await openRunSandboxesBench();
});

afterAll(() => bench.close());

/** `write path text`, `remove path`, anything else does nothing. */
const program: FakeProgram = async (contents, { argv }) => {
  const [verb, path = '', text = ''] = argv;
  if (verb === 'write') contents.set(path, Buffer.from(text));
  if (verb === 'remove') contents.delete(path);
  return `did ${verb ?? ''}`;
};

describe("a run's sandbox", () => {
  test('keeps what commands change as versions, and transfers nothing else', async () => {
    const driver = new FakeDriver(program);
    const sandboxes = bench.open([driver]);
    const run = await bench.tenant.seedRun();
    const space = { workspaceId: run.workspaceId, spaceId: run.runId };
    const first = await sandboxes.execute(workOf(run, 'c1', ['write', 'a.txt', 'one']));
    expect(first).toMatchObject({ stdout: 'did write', changed: ['a.txt'], restored: false });
    await sandboxes.execute(workOf(run, 'c2', ['write', 'b.txt', 'two']));
    const third = await sandboxes.execute(workOf(run, 'c3', ['write', 'a.txt', 'three']));
    expect(third).toMatchObject({ changed: ['a.txt'], restored: false });
    expect((await bench.files.read(space, 'a.txt', 1)).bytes.toString()).toBe('one');
    expect((await bench.files.read(space, 'a.txt')).bytes.toString()).toBe('three');
    expect(driver.living[0]?.transfers).toEqual({ written: [], read: ['a.txt', 'b.txt', 'a.txt'] });
    expect(driver.created).toHaveLength(1);
  });

  test('is made again with its files after it was lost', async () => {
    const driver = new FakeDriver(program);
    const sandboxes = bench.open([driver]);
    const run = await bench.tenant.seedRun();
    await sandboxes.execute(workOf(run, 'c1', ['write', 'kept.txt', 'kept']));
    await sandboxes.execute(workOf(run, 'c2', ['write', 'gone.txt', 'gone']));
    await sandboxes.execute(workOf(run, 'c3', ['remove', 'gone.txt']));
    driver.living[0]?.die('oom');
    await new Promise((resolve) => setImmediate(resolve));
    const again = await sandboxes.execute(workOf(run, 'c4', ['look']));
    expect(again.restored).toBe(true);
    expect([...(driver.living[0]?.contents.keys() ?? [])]).toEqual(['kept.txt']);
    expect(await bench.pathsOf(run)).toEqual(['kept.txt']);
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
    const run = await bench.tenant.seedRun();
    const first = bench.open([driver]);
    first.execute(workOf(run, 'long', ['work'])).catch(() => undefined);
    await until('the command to run', () => runs === 1);
    const second = bench.open([driver]);
    const attached = second.execute(workOf(run, 'long', ['work']));
    finish();
    expect(await attached).toMatchObject({ stdout: 'done', restored: false });
    expect(runs).toBe(1);
    expect(await bench.pathsOf(run)).toEqual(['late.txt']);
  });

  test('is as strong as asked, and refused where nothing is', async () => {
    const weak = new FakeDriver(program, 'process');
    const middle = new FakeDriver(program, 'docker');
    const strong = new FakeDriver(program, 'gvisor');
    const counts = (): readonly number[] => [weak, middle, strong].map((of) => of.created.length);
    const execute = async (sandboxes: RunSandboxes, level: SandboxLevel) => {
      const work = workOf(await bench.tenant.seedRun(), 'c1', ['look']);
      return sandboxes.execute({ ...work, policy: { ...DEFAULT_SANDBOX_POLICY, level } });
    };
    await execute(bench.open([strong, weak, middle]), 'process');
    expect(counts()).toEqual([0, 1, 0]);
    await execute(bench.open([weak]), 'process');
    expect(counts()).toEqual([1, 1, 0]);
    await execute(bench.open([strong, weak, middle]), 'gvisor');
    expect(counts()).toEqual([1, 1, 1]);
    await execute(
      bench.open([strong, weak, middle], { minLevel: async () => 'gvisor' }),
      'process',
    );
    expect(counts()).toEqual([1, 1, 2]);
    const refused = { code: 'sandbox.level_unavailable' };
    await expect(execute(bench.open([weak]), 'docker')).rejects.toMatchObject(refused);
    const strict = bench.open([weak, middle, strong], { minLevel: async () => 'microvm' });
    await expect(execute(strict, 'process')).rejects.toMatchObject(refused);
  });

  test('on another machine is given up for one here, with the same files', async () => {
    const [there, here] = [new FakeDriver(program), new FakeDriver(program)];
    const run = await bench.tenant.seedRun();
    await bench.open([there], { host: 'there' }).execute(workOf(run, 'c1', ['write', 'a', 'one']));
    const moved = await bench.open([here]).execute(workOf(run, 'c2', ['look']));
    expect(moved.restored).toBe(true);
    expect([...(here.living[0]?.contents.keys() ?? [])]).toEqual(['a']);
    const states = (await bench.store.list(run)).map(({ host, died }) => [host, died]);
    expect(states).toEqual([
      ['there', 'evicted'],
      ['here', null],
    ]);
  });

  test('found dead before a command is replaced without a failure', async () => {
    const driver = new FakeDriver(program);
    const run = await bench.tenant.seedRun();
    await bench.open([driver]).execute(workOf(run, 'c1', ['write', 'a', 'one']));
    await driver.living[0]?.kill();
    const report = await bench.open([driver]).execute(workOf(run, 'c2', ['look']));
    expect(report).toMatchObject({ stdout: 'did look', restored: true });
    expect((await bench.store.list(run)).map(({ state }) => state)).toEqual(['dead', 'running']);
  });

  test('gets what others have written, and loses nothing that both have changed', async () => {
    const driver = new FakeDriver(program);
    const sandboxes = bench.open([driver]);
    const run = await bench.tenant.seedRun();
    const space = { workspaceId: run.workspaceId, spaceId: run.runId };
    const writeOutside = (path: string, text: string) =>
      bench.files.write(
        space,
        { kind: 'file', path, content: Buffer.from(text) },
        { actor: 'person' },
      );
    await sandboxes.execute(workOf(run, 'c1', ['write', 'mine', 'one']));
    await writeOutside('theirs', 'two');
    await sandboxes.execute(workOf(run, 'c2', ['look']));
    expect(driver.living[0]?.contents.get('theirs')?.toString()).toBe('two');
    const both = new FakeDriver(async (contents) => {
      contents.set('both', Buffer.from('inside'));
      await writeOutside('both', 'outside');
      await writeOutside('new', 'outside');
      return '';
    });
    const other = await bench.tenant.seedRun();
    const otherSpace = { workspaceId: other.workspaceId, spaceId: other.runId };
    space.spaceId = other.runId;
    await bench.open([both]).execute(workOf(other, 'c1', ['work']));
    expect((await bench.files.read(otherSpace, 'both', 1)).bytes.toString()).toBe('outside');
    expect((await bench.files.read(otherSpace, 'both', 2)).bytes.toString()).toBe('inside');
    expect(both.living[0]?.contents.get('new')?.toString()).toBe('outside');
  });

  test('says which files are not kept, and keeps the others', async () => {
    const large = Buffer.alloc(LIMITS.fileBytes + 1);
    const driver = new FakeDriver(async (contents) => {
      contents.set('large', large);
      contents.set('small', Buffer.from('small'));
      return '';
    });
    const run = await bench.tenant.seedRun();
    const report = await bench.open([driver]).execute(workOf(run, 'c1', ['work']));
    expect(report.changed).toEqual(['small']);
    expect(report.unstored).toEqual([{ path: 'large', reason: 'it has more than 32 MiB' }]);
    expect(await bench.pathsOf(run)).toEqual(['small']);
  });

  test('never runs a command again that had ended before the sandbox was lost', async () => {
    let runs = 0;
    const counting = new FakeDriver(async () => String((runs += 1)));
    const run = await bench.tenant.seedRun();
    await bench.open([counting]).execute(workOf(run, 'c1', ['work']));
    await counting.living[0]?.kill();
    const again = await bench.open([counting]).execute(workOf(run, 'c1', ['work']));
    expect(runs).toBe(1);
    expect(again).toMatchObject({ restored: true, result: { exitCode: 0 }, stdout: '' });
    expect(again.stderr).toContain('has run once');
  });

  test('has each command in the audit once, however often it is attached to', async () => {
    const driver = new FakeDriver(program);
    const run = await bench.tenant.seedRun();
    await bench.open([driver]).execute(workOf(run, 'c1', ['write', 'a', 'one']));
    await bench.open([driver]).execute(workOf(run, 'c1', ['write', 'a', 'one']));
    const { items } = await bench.store.commands(run, { limit: 10 });
    expect(items).toMatchObject([
      { commandId: 'c1', actor: 'test@1', command: { argv: ['write', 'a', 'one'] }, exitCode: 0 },
    ]);
    expect(await bench.store.verifyChain(run)).toMatchObject({ valid: true });
    expect(bench.warnings).toEqual([]);
  });
});

describe('tools that run code', () => {
  test('tell a model that the sandbox was lost', async () => {
    let executing = false;
    const driver = new FakeDriver(() => {
      executing = true;
      return new Promise(() => undefined);
    });
    const sandboxes = bench.open([driver]);
    const tool = createSandboxTools(sandboxes).find(({ name }) => name === 'bash');
    const run = await bench.tenant.seedRun();
    const called = tool?.execute({ command: 'sleep 100' }, contextOf(run));
    called?.catch(() => undefined);
    (await until('the command to run', () => executing && driver.living[0])).die('oom');
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
    const sandboxes = bench.open([driver]);
    const tool = createSandboxTools(sandboxes).find(({ name }) => name === 'run_code');
    const shown: string[] = [];
    const run = await bench.tenant.seedRun();
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
    owner: { userId: null, agentId: null, threadId: null },
    knowledgeBases: null,
    memoryScopes: [],
    sandbox: DEFAULT_SANDBOX_POLICY,
    onOutput: () => undefined,
  };
}
