import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DEFAULT_SANDBOX_LIMITS } from '../../contracts/sandbox.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { openBench, specOf } from './docker-fixture.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { DriverBench } from './docker-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

describeUnless(reason, 'the Docker driver', () => {
  let bench: DriverBench;
  let driver: DockerDriver;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    driver = bench.open();
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('leaves neither a container nor a folder of a sandbox that is removed', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    const containers = async (): Promise<number> =>
      (await docker.listContainers({ all: true, filters: { name: [spec.id] } })).length;
    expect(await containers()).toBe(1);
    await sandbox.kill();
    expect(await containers()).toBe(0);
    expect(await readdir(path.join(bench.folder, 's'))).not.toContain(spec.id);
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

  test('the ceiling holds for sandboxes that are asked for at once', async () => {
    const ceilings = { sandboxes: 2, memoryMb: 2_048, cpus: 2, pids: 512 };
    const strict = bench.open({ ceilings });
    const asked = Array.from({ length: 4 }, () => specOf({ workspaceId: 'ws_at_once' }));
    const answers = await Promise.allSettled(asked.map((spec) => strict.create(spec)));
    const made = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    expect(made).toHaveLength(2);
    await Promise.all(made.map((sandbox) => sandbox.kill()));
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
