import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSandboxPool } from '../../adapters/sandbox/pool/sandbox-pool.ts';
import { DEFAULT_SANDBOX_LIMITS } from '../../contracts/sandbox.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { until } from '../harness/until.ts';
import { openBench, shell, specOf } from './docker-fixture.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { PoolOptions, SandboxPool } from '../../adapters/sandbox/pool/sandbox-pool.ts';
import type { Sandbox } from '../../adapters/sandbox/port.ts';
import type { DriverBench } from './docker-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

const TEN_MINUTES_MS = 600_000;
const WITHOUT_RUN = { workspaceId: 'ws_test', runId: null };

describeUnless(reason, 'the pool', () => {
  let bench: DriverBench;
  let driver: DockerDriver;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    driver = bench.open();
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  const open = (changes: Partial<PoolOptions> = {}): SandboxPool =>
    createSandboxPool({
      driver,
      most: 1,
      warn: (sentence) => bench.warnings.push(sentence),
      ...changes,
    });
  const warmKeys = async (): Promise<readonly string[]> =>
    (await driver.list()).filter(({ runId }) => runId === null).map(({ id }) => id);
  /** A pool whose first request is over and has left one warm. */
  const openWarm = async (changes: Partial<PoolOptions> = {}): Promise<SandboxPool> => {
    const pool = open(changes);
    await (await pool.create(specOf())).kill();
    await until('a warm sandbox', () => pool.metrics().warm === 1);
    return pool;
  };

  test('gives a warm sandbox to the second request of a kind, as if it were made for it', async () => {
    await using pool = await openWarm();
    const keys = await warmKeys();
    expect(keys).toHaveLength(1);
    const spec = specOf({ runId: 'run_second', ttlMs: 60_000, maxTtlMs: 90_000 });
    const sandbox = await pool.create(spec);
    expect(pool.metrics()).toMatchObject({ hits: 1, misses: 1, created: 2 });
    expect(sandbox.id).toBe(spec.id);
    await shell(sandbox, 'echo mine > note');
    const again = await pool.connect(spec.id);
    expect(await shell(again, 'cat note')).toMatchObject({ stdout: 'mine\n' });
    expect(await warmKeys()).not.toContain(keys[0]);
    const listed = (await driver.list()).find(({ id }) => id === spec.id);
    expect(listed).toMatchObject({ runId: 'run_second', workspaceId: 'ws_test' });
    expect((await sandbox.extend(TEN_MINUTES_MS)).getTime()).toBeLessThanOrEqual(
      Date.now() + 90_000,
    );
    await pool.remove(spec.id);
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'killed' });
    await expect(pool.connect(spec.id)).rejects.toMatchObject({ code: 'sandbox.lost' });
  });

  test('gives a warm sandbox to one of two who ask at once', async () => {
    await using pool = await openWarm();
    const both = await Promise.all([pool.create(specOf()), pool.create(specOf())]);
    expect(pool.metrics()).toMatchObject({ hits: 1, misses: 2 });
    const [one, other] = both;
    await shell(one, 'echo mine > note');
    expect(await shell(other, 'ls')).toMatchObject({ stdout: '' });
    await Promise.all(both.map((sandbox) => sandbox.kill()));
  });

  test('gives one run one sandbox, also when it asks twice at once', async () => {
    await using pool = await openWarm();
    const spec = specOf();
    const [one, other] = await Promise.all([pool.create(spec), pool.create(spec)]);
    await shell(one, 'echo mine > note');
    expect(await shell(other, 'cat note')).toMatchObject({ stdout: 'mine\n' });
    expect((await driver.list()).filter(({ id }) => id === spec.id)).toHaveLength(1);
    await one.kill();
    await expect(other.died).resolves.toMatchObject({ reason: 'killed' });
  });

  test('removes the second of two warm ones that a run was given at once', async () => {
    const [one, two] = [specOf(WITHOUT_RUN), specOf(WITHOUT_RUN)];
    const warm = await Promise.all([driver.create(one), driver.create(two)]);
    const spec = specOf();
    const claims = await Promise.all(
      warm.map((sandbox) => driver.adopt({ key: sandbox.id, sandbox }, spec)),
    );
    await shell(claims[0] as Sandbox, 'echo mine > note');
    expect(await shell(claims[1] as Sandbox, 'cat note')).toMatchObject({ stdout: 'mine\n' });
    const left = (await driver.list()).map(({ id }) => id);
    expect(left).toContain(spec.id);
    expect(left).not.toContain(one.id);
    expect(left).not.toContain(two.id);
    await claims[0]?.kill();
  });

  test('never gives a warm sandbox to another workspace, nor one with other limits', async () => {
    await using pool = await openWarm();
    const limits = { ...DEFAULT_SANDBOX_LIMITS, diskMb: 64 };
    const others = await Promise.all([
      pool.create(specOf({ workspaceId: 'ws_other' })),
      pool.create(specOf({ limits })),
    ]);
    expect(pool.metrics()).toMatchObject({ hits: 0, misses: 3 });
    await Promise.all(others.map((sandbox) => sandbox.kill()));
  });

  test('removes what waits when nobody asks any more, and calls that evicted', async () => {
    let now = Date.now();
    await using pool = await openWarm({ now: () => now });
    const [key = ''] = await warmKeys();
    now += TEN_MINUTES_MS;
    await until('the end of the warm one', () => pool.metrics().deaths.evicted === 1);
    expect(pool.metrics()).toMatchObject({ warm: 0, created: 2 });
    await until('its removal', async () => (await warmKeys()).length === 0);
    await expect(driver.connect(key)).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('evicted'),
    });
  });

  test('gives up what waits when the workspace may have no more', async () => {
    const ceilings = { sandboxes: 2, memoryMb: 2_048, cpus: 2, pids: 512 };
    await using pool = open({ driver: bench.open({ ceilings }) });
    const workspaceId = 'ws_small';
    const first = await pool.create(specOf({ workspaceId }));
    await until('a warm sandbox', () => pool.metrics().warm === 1);
    const limits = { ...DEFAULT_SANDBOX_LIMITS, diskMb: 64 };
    const second = await pool.create(specOf({ workspaceId, limits }));
    await until('the news of its end', () => pool.metrics().deaths.evicted === 1);
    expect(pool.metrics().warm).toBe(0);
    await expect(pool.create(specOf({ workspaceId, limits }))).rejects.toMatchObject({
      code: 'sandbox.ceiling_reached',
    });
    await Promise.all([first.kill(), second.kill()]);
  });

  test('does not give away what has died while it waited', async () => {
    await using pool = await openWarm();
    const [key = ''] = await warmKeys();
    await docker.getContainer(`holdfast-${key}`).remove({ force: true });
    const sandbox = await pool.create(specOf());
    expect(await shell(sandbox, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
    expect(pool.metrics()).toMatchObject({ hits: 0, misses: 2 });
    await sandbox.kill();
  });

  test('takes what waits with it when it is closed, and leaves what was claimed', async () => {
    const pool = await openWarm();
    const claimed = await pool.create(specOf());
    await until('another warm one', () => pool.metrics().warm === 1);
    await pool[Symbol.asyncDispose]();
    expect(await warmKeys()).toEqual([]);
    expect(await shell(claimed, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
    await claimed.kill();
    expect(bench.warnings).toEqual([]);
  });
});
