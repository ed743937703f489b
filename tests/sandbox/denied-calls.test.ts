import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { FakeDriver } from './fake-driver.ts';
import { denialsReason } from './suite/denials.ts';
import { describeUnless } from '../harness/not-run.ts';
import { openProcessBench, probeProcessLevel } from './process-fixture.ts';
import { openRunSandboxesBench, workOf, type RunSandboxesBench } from './run-sandboxes-fixture.ts';

const PAGE = { limit: 10 };
const TRIES = 20;
const AGAIN_MS = 500;

const { ok, evidence } = await probeProcessLevel();
const reason = ok ? await denialsReason() : evidence.join('; ');

let bench: RunSandboxesBench;
beforeAll(async () => {
  bench = await openRunSandboxesBench();
});
afterAll(async () => bench.close());

describe("the audit of a run's sandbox", () => {
  test('has each refused call once, with its sandbox and its step', async () => {
    const call = { id: '1.000:1', at: '2026-01-02T03:04:05.000Z', call: 'mount' };
    const driver = new FakeDriver(async () => '');
    const run = await bench.tenant.seedRun();
    const sandboxes = bench.open([driver]);
    await sandboxes.execute(workOf(run));
    const [sandbox] = driver.living;
    for (const _again of [1, 2]) sandbox?.deny({ ...call, program: 'sh', pid: 7 });
    await sandboxes[Symbol.asyncDispose]();
    const { items } = await bench.store.denials(run, PAGE);
    expect(items).toMatchObject([{ seq: 1, ...call, stepId: 'step', sandboxId: sandbox?.id }]);
    expect(await bench.store.verifyChain(run)).toMatchObject({ valid: true });
  });
});

describeUnless(reason, "the audit of a run's processes", () => {
  test('has the calls that the kernel refused them, and none of other runs', async () => {
    await using processes = await openProcessBench();
    await using sandboxes = bench.open([processes.open()]);
    const [run, other] = [await bench.tenant.seedRun(), await bench.tenant.seedRun()];
    await sandboxes.execute(workOf(other, 'c0', ['true']));
    const found = async () => (await bench.store.denials(run, PAGE)).items;
    // The kernel writes down some of many calls only.
    for (let tries = 0; tries < TRIES && (await found()).length === 0; tries += 1) {
      await sandboxes.execute(workOf(run, `c${tries}`, ['unshare', '--user', 'true']));
      await wait(AGAIN_MS);
    }
    expect((await found())[0]).toMatchObject({ call: 'unshare', program: 'unshare' });
    expect((await bench.store.denials(other, PAGE)).items).toEqual([]);
  });
});
