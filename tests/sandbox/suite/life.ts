import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { run, shell, specOf } from '../docker-fixture.ts';
import type { SandboxDriver } from '../../../adapters/sandbox/port.ts';
import type { SuiteBench } from '../port.suite.ts';

const LONG = { deadlineMs: 60_000, maxOutputBytes: 100_000 };
/** Writes the time of day again and again. */
const TICK = 'while :; do date +%s%N >> ticks; sleep 0.02; done';

/** From its start to its end, seen by all drivers of the machine. */
export function lifeTests(openBench: () => Promise<SuiteBench>): void {
  let bench: SuiteBench;
  let driver: SandboxDriver;
  beforeAll(async () => {
    bench = await openBench();
    driver = bench.open();
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('begins with its start and ends with its removal, of which the reason is kept', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    const ran = await run(sandbox, ['sh', '-c', 'echo hello; id -u; pwd']);
    expect(ran).toMatchObject({ end: 'exit', exitCode: 0, stdout: 'hello\n1000\n/workspace\n' });
    const listed = (await driver.list()).find(({ id }) => id === spec.id);
    expect(listed).toMatchObject({ state: 'running', runId: 'run_test', workspaceId: 'ws_test' });
    const watcher = await bench.open().connect(spec.id);

    await sandbox.kill();
    for (const { died } of [sandbox, watcher]) {
      await expect(died).resolves.toMatchObject({ reason: 'killed' });
    }
    expect((await driver.list()).map(({ id }) => id)).not.toContain(spec.id);
    await expect(sandbox.kill()).resolves.toBeUndefined();
    await expect(driver.remove(spec.id)).resolves.toBeUndefined();
    await expect(bench.open().connect(spec.id)).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('killed'),
    });
    await expect(driver.connect('never_there')).rejects.toMatchObject({ code: 'sandbox.lost' });
  });

  test('is one for an id, however often and at the same time it is asked for', async () => {
    const spec = specOf();
    const others = [driver, bench.open(), bench.open()];
    const [first, ...rest] = await Promise.all(others.map((each) => each.create(spec)));
    if (first === undefined) throw new Error('no sandbox');
    await shell(first, 'echo mine > note');
    for (const same of [...rest, await driver.create(spec)]) {
      expect(await shell(same, 'cat note')).toMatchObject({ stdout: 'mine\n' });
    }
    expect((await driver.list()).filter(({ id }) => id === spec.id)).toHaveLength(1);
    await first.kill();
    for (const { died } of rest) await expect(died).resolves.toMatchObject({ reason: 'killed' });
  });

  test('begins anew, and empty, for an id whose sandbox is gone', async () => {
    const spec = specOf();
    const first = await driver.create(spec);
    const watcher = await bench.open().connect(spec.id);
    await shell(first, 'echo old > note');
    await first.kill();
    const second = await driver.create(spec);
    await expect(watcher.died).resolves.toMatchObject({ reason: expect.any(String) });
    expect(await shell(second, 'ls')).toMatchObject({ stdout: '' });
    expect((await driver.list()).find(({ id }) => id === spec.id)?.state).toBe('running');
    await second.kill();
  });

  test('goes on when its driver ends, and so do its commands', async () => {
    const spec = specOf();
    const passing = bench.open();
    const sandbox = await passing.create(spec);
    const argv = ['sh', '-c', 'echo one; sleep 0.5; echo two'];
    await sandbox.exec({ ...LONG, commandId: 'long', argv });
    await sandbox[Symbol.asyncDispose]();
    await passing[Symbol.asyncDispose]();
    const connected = await bench.open().connect(spec.id);
    const command = await connected.attach('long');
    const seen: Uint8Array[] = [];
    for await (const { bytes } of command.output) seen.push(bytes);
    expect(Buffer.concat(seen).toString()).toBe('one\ntwo\n');
    await connected.kill();
  });

  test('takes the commands that still run with it, and tells them why', async () => {
    const sandbox = await driver.create(specOf());
    const command = await sandbox.exec({ ...LONG, commandId: 'sleeper', argv: ['sleep', '60'] });
    const lost = expect(command.result).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('killed'),
    });
    await sandbox.kill();
    await lost;
  });

  test('stands still while it is paused, also when someone connects', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    await sandbox.exec({ ...LONG, commandId: 'ticker', argv: ['sh', '-c', TICK] });
    await shell(sandbox, 'until [ -s ticks ]; do sleep 0.01; done');
    await sandbox.pause();
    await sandbox.pause();
    expect((await driver.list()).find(({ id }) => id === spec.id)?.state).toBe('paused');
    const connected = await bench.open().connect(spec.id);
    await wait(300);
    expect((await driver.list()).find(({ id }) => id === spec.id)?.state).toBe('paused');
    await connected.resume();
    await connected.resume();
    await shell(connected, 'sleep 0.1');
    const ticks = (await shell(connected, 'cat ticks')).stdout.trim().split('\n').map(Number);
    const gaps = ticks.slice(1).map((tick, at) => (tick - (ticks[at] ?? tick)) / 1e6);
    expect(Math.max(...gaps)).toBeGreaterThan(250);
    await sandbox.pause();
    await sandbox.kill();
    await expect(connected.died).resolves.toMatchObject({ reason: 'killed' });
  });

  test('stands still whatever its processes just do, also while they begin others', async () => {
    const sandbox = await driver.create(specOf());
    const argv = ['sh', '-c', 'while :; do /bin/true; done'];
    await sandbox.exec({ ...LONG, commandId: 'beginner', argv });
    for (let times = 0; times < 40; times += 1) {
      await sandbox.pause();
      await wait(5);
      await sandbox.resume();
      await wait(5);
    }
    expect(await shell(sandbox, 'echo still there')).toMatchObject({ stdout: 'still there\n' });
    await sandbox.kill();
  });

  test('can be extended up to its maximum, and everybody learns of it', async () => {
    const spec = specOf({ ttlMs: 20_000, maxTtlMs: 60_000 });
    const sandbox = await driver.create(spec);
    const before = Date.now();
    const until = (await sandbox.extend(600_000)).getTime();
    expect(until).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(until).toBeGreaterThan(before + 40_000);
    const listed = (await bench.open().list()).find(({ id }) => id === spec.id);
    expect(listed?.expiresAt).toBe(new Date(until).toISOString());
    await sandbox.kill();
  });

  test('ends by itself when its time is over, and says so', async () => {
    const spec = specOf({ ttlMs: 1_000, maxTtlMs: 60_000 });
    const sandbox = await driver.create(spec);
    const lost = expect(run(sandbox, ['sleep', '50'])).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('ttl'),
    });
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'ttl' });
    await lost;
    await expect(bench.open().connect(spec.id)).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('ttl'),
    });
  });
}
