import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { openBench, shell, specOf } from './docker-fixture.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { DriverBench } from './docker-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

const SMALL = { memoryMb: 64, cpus: 1, pids: 64, diskMb: 16 };

describeUnless(reason, 'the death of a sandbox', () => {
  let bench: DriverBench;
  let driver: DockerDriver;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    driver = bench.open();
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('is called oom when the first process itself has no memory left', async () => {
    const spec = specOf({ limits: { ...SMALL, diskMb: 256 } });
    const sandbox = await driver.create(spec);
    const watcher = await bench.open().connect(spec.id);
    const fill = 'while :; do head -c 1000000 /dev/zero >> "f$$" || exit; done';
    const lines = Array.from({ length: 20 }, (_, i) => shell(sandbox, fill.replace('$$', `${i}`)));
    await Promise.allSettled(lines);
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'oom' });
    await expect(watcher.died).resolves.toMatchObject({ reason: 'oom' });
    await expect(driver.connect(spec.id)).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('oom'),
    });
  });

  test('by a hand from outside is called killed', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    await docker.getContainer(`holdfast-${spec.id}`).remove({ force: true });
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'killed' });
  });

  test('by a daemon that stops it is called daemon', async () => {
    const spec = specOf();
    const sandbox = await driver.create(spec);
    await docker.getContainer(`holdfast-${spec.id}`).kill({ signal: 'SIGTERM' });
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'daemon' });
  });

  test('is told with its reason by a driver that did not see it', async () => {
    const spec = specOf();
    await driver.create(spec);
    await driver.removeBecause(spec.id, { reason: 'evicted', detail: 'for a test' });
    await expect(bench.open().connect(spec.id)).rejects.toMatchObject({
      message: expect.stringContaining('evicted: for a test'),
    });
  });
});
