import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { DEFAULT_SANDBOX_POLICY, type SandboxLevel } from '../../contracts/sandbox.ts';
import { FakeDriver, type FakeProgram } from './fake-driver.ts';
import { openRunSandboxesBench, workOf, type RunSandboxesBench } from './run-sandboxes-fixture.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { SandboxWork } from '../../activities/sandbox/run-sandboxes.ts';

let bench: RunSandboxesBench;

beforeAll(async () => {
  bench = await openRunSandboxesBench();
});

afterAll(() => bench.close());

/** `write path`, or anything else; tells the files that there are. */
const program: FakeProgram = async (contents, { argv: [verb, path = ''] }) => {
  if (verb === 'write') contents.set(path, Buffer.from(path));
  return [...contents.keys()].sort().join();
};

const drivers = (work = program) => ({
  weak: new FakeDriver(work, 'process'),
  middle: new FakeDriver(work, 'docker'),
});

/** A command of a tool that names a level, or of one that names none. */
function workAt(
  run: RunRef,
  toolLevel: SandboxLevel | null,
  [commandId, ...argv]: readonly [string, ...string[]],
): SandboxWork {
  const named = toolLevel === null ? {} : { toolLevel };
  return { ...workOf(run, commandId, argv), policy: { ...DEFAULT_SANDBOX_POLICY, ...named } };
}

/** Lets a driver fail to make sandboxes, as one does whose daemon is away. */
function breakDriver(driver: FakeDriver): Disposable {
  driver.create = async () => {
    throw new AppError('sandbox.unavailable', 'the daemon is away');
  };
  return { [Symbol.dispose]: () => void Reflect.deleteProperty(driver, 'create') };
}

async function levelsOf(run: RunRef) {
  const { items } = await bench.store.commands(run, { limit: 100 });
  return items.map(({ commandId, level }) => [commandId, level]);
}

describe('tools of one run that name levels', () => {
  test('have a sandbox each, which lives on and has the files of the other', async () => {
    const { weak, middle } = drivers();
    const sandboxes = bench.open([middle, weak]);
    const run = await bench.tenant.seedRun();
    await sandboxes.execute(workAt(run, 'process', ['c1', 'write', 'a']));
    const second = await sandboxes.execute(workAt(run, 'docker', ['c2', 'write', 'b']));
    expect(second).toMatchObject({ stdout: 'a,b', changed: ['b'], restored: false });
    const third = await sandboxes.execute(workAt(run, 'process', ['c3', 'look']));
    expect(third).toMatchObject({ stdout: 'a,b', changed: [], restored: false });
    expect([weak.created.length, middle.created.length]).toEqual([1, 1]);
    expect(await levelsOf(run)).toEqual([
      ['c1', 'process'],
      ['c2', 'docker'],
      ['c3', 'process'],
    ]);
    expect((await bench.store.list(run)).map(({ level, state }) => [level, state])).toEqual([
      ['process', 'running'],
      ['docker', 'running'],
    ]);
    expect(await bench.store.verifyChain(run)).toMatchObject({ valid: true });
    await sandboxes.release(run);
    expect([...weak.living, ...middle.living]).toEqual([]);
  });

  test('share the sandbox of a level with those that name none', async () => {
    const { weak, middle } = drivers();
    const sandboxes = bench.open([middle, weak]);
    const run = await bench.tenant.seedRun();
    await sandboxes.execute(workAt(run, null, ['c1', 'look']));
    await sandboxes.execute(workAt(run, 'docker', ['c2', 'look']));
    expect([weak.created.length, middle.created.length]).toEqual([0, 1]);
  });

  test('never get a weaker one than the workspace allows, whatever came before', async () => {
    const { weak, middle } = drivers();
    let minimum: SandboxLevel = 'process';
    const sandboxes = bench.open([middle, weak], { minLevel: async () => minimum });
    const run = await bench.tenant.seedRun();
    await sandboxes.execute(workAt(run, 'process', ['c1', 'look']));
    minimum = 'docker';
    await sandboxes.execute(workAt(run, 'process', ['c2', 'look']));
    minimum = 'gvisor';
    await expect(sandboxes.execute(workAt(run, 'process', ['c3', 'look']))).rejects.toMatchObject({
      code: 'sandbox.level_unavailable',
    });
    expect(await levelsOf(run)).toEqual([
      ['c1', 'process'],
      ['c2', 'docker'],
    ]);
  });

  test('are refused rather than given a weaker one that stands in for another tool', async () => {
    const { weak, middle } = drivers();
    using _away = breakDriver(middle);
    const sandboxes = bench.open([middle, weak]);
    const run = await bench.tenant.seedRun();
    await sandboxes.execute(workAt(run, null, ['c1', 'look']));
    await expect(sandboxes.execute(workAt(run, 'docker', ['c2', 'look']))).rejects.toMatchObject({
      code: 'sandbox.unavailable',
    });
    expect(await levelsOf(run)).toEqual([['c1', 'process']]);
  });
});

describe('a sandbox that stands in for a better one', () => {
  test('is kept while it lives, and asked for only once', async () => {
    const { weak, middle } = drivers();
    const sandboxes = bench.open([middle, weak]);
    const run = await bench.tenant.seedRun();
    {
      using _away = breakDriver(middle);
      await sandboxes.execute(workAt(run, null, ['c1', 'write', 'a']));
    }
    await sandboxes.execute(workAt(run, null, ['c2', 'look']));
    expect([weak.created.length, middle.created.length]).toEqual([1, 0]);
    expect(await bench.store.list(run)).toHaveLength(2);
    await sandboxes.release(run);
    const after = await sandboxes.execute(workAt(run, null, ['c3', 'look']));
    expect(after).toMatchObject({ stdout: 'a', restored: true });
    expect(await levelsOf(run)).toEqual([
      ['c1', 'process'],
      ['c2', 'process'],
      ['c3', 'docker'],
    ]);
  });

  test('does not run a command again that had ended in the better one', async () => {
    let runs = 0;
    const { weak, middle } = drivers(async () => String((runs += 1)));
    const run = await bench.tenant.seedRun();
    const first = bench.open([middle, weak]);
    await first.execute(workAt(run, 'process', ['c0', 'work']));
    await first.execute(workAt(run, null, ['c1', 'work']));
    middle.living[0]?.die('daemon');
    using _away = breakDriver(middle);
    const again = await bench.open([middle, weak]).execute(workAt(run, null, ['c1', 'work']));
    expect(again.stderr).toContain('has run once');
    expect(runs).toBe(2);
  });

  test('is not made while the better one lives and cannot be reached', async () => {
    const { weak, middle } = drivers();
    const run = await bench.tenant.seedRun();
    await bench.open([middle, weak]).execute(workAt(run, null, ['c1', 'look']));
    middle.connect = async () => {
      throw new AppError('sandbox.unavailable', 'the daemon is away');
    };
    await expect(
      bench.open([middle, weak]).execute(workAt(run, null, ['c2', 'look'])),
    ).rejects.toMatchObject({ code: 'sandbox.unavailable' });
    expect(weak.created).toEqual([]);
  });
});
