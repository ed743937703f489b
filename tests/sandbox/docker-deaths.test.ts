import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { openBench, specOf } from './docker-fixture.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { DriverBench } from './docker-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

describeUnless(reason, 'the death of a sandbox', () => {
  let bench: DriverBench;
  let driver: DockerDriver;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    driver = bench.open();
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

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
