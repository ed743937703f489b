import { access, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEFAULT_SANDBOX_LIMITS } from '../../contracts/sandbox.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { openBench, run, shell, specOf } from './docker-fixture.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { DriverBench } from './docker-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

describeUnless(reason, 'the Docker driver', () => {
  let bench: DriverBench;
  let driver: DockerDriver;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    driver = bench.open();
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('starts a sandbox, runs a command in it and removes it with all that belongs to it', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    const ran = await run(sandbox, ['sh', '-c', 'echo hello; id -u; pwd']);
    expect(ran).toMatchObject({ end: 'exit', exitCode: 0, stdout: 'hello\n1000\n/workspace\n' });
    const listed = (await driver.list()).find(({ id }) => id === spec.id);
    expect(listed).toMatchObject({ state: 'running', runId: 'run_test', workspaceId: 'ws_test' });

    await sandbox.kill();
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'killed' });
    expect((await driver.list()).map(({ id }) => id)).not.toContain(spec.id);
    expect(await isThere(path.join(bench.folder, 's', spec.id))).toBe(false);
    await expect(sandbox.kill()).resolves.toBeUndefined();
    await expect(driver.connect(spec.id)).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('killed'),
    });
  });

  test('makes one sandbox of an id, however often and at the same time it is asked', async () => {
    const spec = specOf();
    const other = bench.open();
    const [first, second] = await Promise.all([driver.create(spec), other.create(spec)]);
    await shell(first, 'echo mine > note');
    expect(await shell(second, 'cat note')).toMatchObject({ stdout: 'mine\n' });
    const third = await driver.create(spec);
    expect(await shell(third, 'cat note')).toMatchObject({ stdout: 'mine\n' });
    const containers = await docker.listContainers({ filters: { name: [spec.id] } });
    expect(containers).toHaveLength(1);
    await first.kill();
    await expect(second.died).resolves.toMatchObject({ reason: 'killed' });
  });

  test('makes a new, empty sandbox of an id whose sandbox is gone', async () => {
    const spec = specOf();
    const first = await driver.create(spec);
    await shell(first, 'echo old > note');
    await first.kill();
    const second = await driver.create(spec);
    expect(await shell(second, 'ls')).toMatchObject({ stdout: '' });
    await second.kill();
  });

  test('another driver attaches to a command that runs, and gets all of its output', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    const started = await sandbox.exec({
      commandId: 'long',
      argv: ['sh', '-c', 'echo one; sleep 1; echo two'],
      deadlineMs: 20_000,
      maxOutputBytes: 1000,
    });
    await started[Symbol.asyncDispose]();
    const connected = await bench.open().connect(spec.id);
    const command = await connected.attach('long');
    const seen: Uint8Array[] = [];
    for await (const { bytes } of command.output) seen.push(bytes);
    expect(Buffer.concat(seen).toString()).toBe('one\ntwo\n');
    await sandbox.kill();
  });

  test('a command that runs when its sandbox is removed rejects with the reason', async () => {
    const sandbox = await driver.create(specOf());
    const command = await sandbox.exec({
      commandId: 'sleeper',
      argv: ['sleep', '60'],
      deadlineMs: 60_000,
      maxOutputBytes: 1000,
    });
    const lost = expect(command.result).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('killed'),
    });
    await sandbox.kill();
    await lost;
  });

  test('a paused sandbox stands still, can be connected to, and goes on where it was', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    const command = await sandbox.exec({
      commandId: 'ticker',
      argv: ['sh', '-c', 'while :; do echo x >> ticks; sleep 0.05; done'],
      deadlineMs: 60_000,
      maxOutputBytes: 1000,
    });
    await sandbox.pause();
    await sandbox.pause();
    expect(await driver.list()).toContainEqual(
      expect.objectContaining({ id: spec.id, state: 'paused' }),
    );
    const connected = await bench.open().connect(spec.id);
    await connected.resume();
    await connected.resume();
    expect((await shell(connected, 'wc -l < ticks')).exitCode).toBe(0);
    await command.signal('SIGKILL');
    await sandbox.kill();
  });

  test('an extension is remembered, and never reaches beyond the maximum', async () => {
    const spec = specOf({ ttlMs: 20_000, maxTtlMs: 60_000 });
    const sandbox = await driver.create(spec);
    const before = Date.now();
    const until = (await sandbox.extend(600_000)).getTime();
    expect(until).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(until).toBeGreaterThan(before + 40_000);
    const listed = (await driver.list()).find(({ id }) => id === spec.id);
    expect(listed?.expiresAt).toBe(new Date(until).toISOString());
    await sandbox.kill();
  });

  test('tells what a sandbox uses', async () => {
    const sandbox = await driver.create(specOf());
    await shell(sandbox, 'head -c 5000000 /dev/zero > zeros');
    const metrics = await sandbox.metrics();
    expect(metrics.memoryLimitBytes).toBe(512 * 1024 * 1024);
    expect(metrics.diskBytes).toBeGreaterThanOrEqual(5_000_000);
    expect(metrics.networkBytes).toBe(0);
    await sandbox.kill();
  });

  test('without a daemon it says so, and works once there is one', async () => {
    const lonely = bench.open({ docker: { socketPath: '/nonexistent/docker.sock' } });
    await expect(lonely.create(specOf())).rejects.toMatchObject({
      code: 'sandbox.unavailable',
      message: expect.stringContaining('doctor'),
    });
    await expect(lonely.probe()).resolves.toMatchObject({ ok: false });
  });

  test('names the command that builds a missing image, and leaves nothing behind', async () => {
    const spec = specOf();
    const bare = bench.open({ images: { base: 'holdfast-sandbox-none:nowhere' } });
    await expect(bare.create(spec)).rejects.toMatchObject({
      code: 'sandbox.unavailable',
      message: expect.stringContaining('npm run sandbox-images'),
    });
    expect(await readdir(path.join(bench.folder, 's'))).not.toContain(spec.id);
  });

  test('a workspace gets no more sandboxes and no larger ones than its ceiling allows', async () => {
    const ceilings = { sandboxes: 1, memoryMb: 600, cpus: 1, pids: 200 };
    const strict = bench.open({ ceilings });
    const limits = { ...DEFAULT_SANDBOX_LIMITS, memoryMb: 700 };
    const workspaceId = 'ws_ceiling';
    const refused = { code: 'sandbox.ceiling_reached' };
    await expect(strict.create(specOf({ workspaceId, limits }))).rejects.toMatchObject(refused);
    const first = await strict.create(specOf({ workspaceId }));
    await expect(strict.create(specOf({ workspaceId }))).rejects.toMatchObject(refused);
    const other = await strict.create(specOf({ workspaceId: 'ws_other' }));
    await Promise.all([first.kill(), other.kill()]);
    await (await strict.create(specOf({ workspaceId }))).kill();
  });

  test('the probe starts a sandbox and shows what it found', async () => {
    const { ok, evidence } = await driver.probe();
    expect(ok).toBe(true);
    expect(evidence.join('\n')).toContain('CapEff: 0000000000000000');
  });

  test('a runtime that the daemon does not know is no level of this machine', async () => {
    const strong = bench.open({ runtime: { level: 'gvisor', name: 'runsc-missing' } });
    await expect(strong.probe()).resolves.toMatchObject({ ok: false });
  });
});
