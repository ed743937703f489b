import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { FakeDriver, type FakeProgram } from './fake-driver.ts';
import { openRunSandboxesBench, workOf, type RunSandboxesBench } from './run-sandboxes-fixture.ts';
import { until } from '../harness/until.ts';

let bench: RunSandboxesBench;

beforeAll(async () => {
  bench = await openRunSandboxesBench();
});

afterEach(() => expect(bench.warnings).toEqual([]));
afterAll(() => bench.close());

const writing: FakeProgram = async (contents) => {
  contents.set('a.txt', Buffer.from('one'));
  return 'written';
};

describe("a run's sandbox that its run rests from", () => {
  test('is freed with its files kept', async () => {
    const driver = new FakeDriver(writing);
    const sandboxes = bench.open([driver]);
    const run = await bench.tenant.seedRun();
    await sandboxes.execute(workOf(run));
    await sandboxes.release(run);
    await new Promise((resolve) => setImmediate(resolve));
    expect(driver.living).toEqual([]);
    expect(await bench.pathsOf(run)).toEqual(['a.txt']);
  });

  test('in use is freed when the use is over', async () => {
    const working = Promise.withResolvers<string>();
    const driver = new FakeDriver(() => working.promise);
    const sandboxes = bench.open([driver]);
    const run = await bench.tenant.seedRun();
    const executed = sandboxes.execute(workOf(run));
    await until('the sandbox', () => driver.living.length === 1);
    await sandboxes.release(run);
    expect(driver.living).toHaveLength(1);
    working.resolve('done');
    expect(await executed).toMatchObject({ stdout: 'done' });
    await until('its end', () => driver.living.length === 0);
    expect((await bench.store.list(run)).map(({ died }) => died)).toEqual(['evicted']);
  });
});
