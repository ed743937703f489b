import { access, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { reap } from '../../adapters/sandbox/pool/reap.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { startProcess } from '../harness/processes.ts';
import { until } from '../harness/until.ts';
import { openBench, shell, specOf } from './docker-fixture.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { Reaped } from '../../adapters/sandbox/pool/reap.ts';
import type { DriverBench } from './docker-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

const MINUTE_MS = 60_000;
const LONG = { ttlMs: 30 * MINUTE_MS, maxTtlMs: 60 * MINUTE_MS };
const CEILINGS = { sandboxes: 20, memoryMb: 8_192, cpus: 2, pids: 2_048 };
const NOTHING = { expired: 0, dead: 0, orphaned: 0, leftovers: 0, groups: 0 };

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

describeUnless(reason, 'the reaper', () => {
  let bench: DriverBench;
  let folder: string;
  let driver: DockerDriver;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    folder = path.join(bench.folder, 's');
    driver = bench.open({ ceilings: CEILINGS });
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  /** As a process does that made none of the sandboxes. */
  const reapLater = async (afterMs: number, wanted: readonly string[] = []): Promise<Reaped> => {
    const other = bench.open({ ceilings: CEILINGS });
    return reap({
      driver: other,
      now: Date.now() + afterMs,
      isWanted: async ({ id }) => wanted.includes(id),
    });
  };
  const ids = async (): Promise<readonly string[]> => (await driver.list()).map(({ id }) => id);

  test('removes all that a killed process held, and not before it may', async () => {
    const { options } = await driver.parts();
    const kept = { id: 'kept', workspaceId: 'ws_kept', ...LONG };
    const held = { id: 'held', workspaceId: 'ws_held', ...LONG };
    const order = {
      ...{ socketPath, socketFolder: options.socketFolder, installation: options.installation },
      ...{ specs: [kept, held], warm: 1 },
    };
    const owner = await startProcess({
      file: 'tests/fakes/sandbox-owner-main.ts',
      args: [JSON.stringify(order)],
      env: {},
      ready: (line) => (line.includes('isReady') ? true : null),
    });
    await owner.process.kill();

    expect(await reapLater(0, [])).toEqual(NOTHING);
    expect(await ids()).toHaveLength(3);
    expect(await reapLater(2 * MINUTE_MS, ['kept'])).toMatchObject({ ...NOTHING, orphaned: 1 });
    expect(await ids()).not.toContain('held');
    await expect(driver.connect('held')).rejects.toMatchObject({
      message: expect.stringContaining('evicted'),
    });
    const found = await driver.connect('kept');
    expect(await shell(found, 'cat note')).toMatchObject({ stdout: 'mine\n' });
    expect(await reapLater(20 * MINUTE_MS, ['kept'])).toMatchObject({ ...NOTHING, expired: 1 });
    expect(await ids()).toEqual(['kept']);
    await found.kill();
    await reapLater(3 * 60 * MINUTE_MS);
    expect(await readdir(folder)).toEqual([]);
  });

  test('removes what is frozen beyond its time, which cannot end itself', async () => {
    const sandbox = await driver.create(specOf({ ttlMs: 3_000, maxTtlMs: 3_000 }));
    await sandbox.pause();
    expect(await reapLater(0)).toMatchObject({ expired: 0 });
    expect(await reapLater(10_000, [sandbox.id])).toMatchObject({ expired: 1 });
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'ttl' });
    expect(await ids()).not.toContain(sandbox.id);
  });

  test('removes a sandbox of which nothing is known', async () => {
    const sandbox = await driver.create(specOf(LONG));
    await rm(path.join(folder, `${sandbox.id}.json`));
    expect(await reapLater(0)).toEqual(NOTHING);
    expect(await reapLater(2 * MINUTE_MS, [sandbox.id])).toMatchObject({ orphaned: 1 });
    await sandbox.died;
    expect(await ids()).not.toContain(sandbox.id);
  });

  test('does no harm when several reap at once', async () => {
    const sandboxes = await Promise.all([1, 2].map(() => driver.create(specOf(LONG))));
    const both = await Promise.all([reapLater(2 * MINUTE_MS), reapLater(2 * MINUTE_MS)]);
    expect(both.map(({ orphaned }) => orphaned).every((count) => count <= 2)).toBe(true);
    await Promise.all(sandboxes.map(({ died }) => died));
    expect(await ids()).toEqual([]);
    for (const { id } of sandboxes) expect(await isThere(path.join(folder, id))).toBe(false);
  });

  test('removes the others where it fails with one, and tells of the failure', async () => {
    const sandboxes = await Promise.all([1, 2, 3].map(() => driver.create(specOf(LONG))));
    const [odd] = sandboxes.map(({ id }) => id);
    const reaping = reap({
      driver: bench.open({ ceilings: CEILINGS }),
      now: Date.now() + 2 * MINUTE_MS,
      isWanted: async ({ id }) => {
        if (id === odd) throw new Error('nobody knows');
        return false;
      },
    });
    await expect(reaping).rejects.toThrow('nobody knows');
    expect(await ids()).toEqual([odd]);
    await reapLater(2 * MINUTE_MS);
  });

  test('removes folders and records of what is gone, with its reason known for a while', async () => {
    const gone = bench.open();
    const spec = specOf(LONG);
    await gone.create(spec);
    await gone[Symbol.asyncDispose]();
    await docker.getContainer(`holdfast-${spec.id}`).remove({ force: true });
    expect(await isThere(path.join(folder, spec.id))).toBe(true);
    expect(await reapLater(0)).toMatchObject({ leftovers: 0 });
    expect((await reapLater(2 * MINUTE_MS)).leftovers).toBeGreaterThanOrEqual(1);
    expect(await isThere(path.join(folder, spec.id))).toBe(false);
    await expect(driver.connect(spec.id)).rejects.toMatchObject({ code: 'sandbox.lost' });
    await reapLater(3 * 60 * MINUTE_MS);
    expect(await readdir(folder)).toEqual([]);
  });

  test('removes the control groups of workspaces without sandboxes', async () => {
    const { host, options } = await driver.parts();
    if (host.cgroup.driver !== 'cgroupfs') return;
    const hierarchy = host.cgroup.version === '2' ? '' : 'pids';
    const groups = path.join('/sys/fs/cgroup', hierarchy, `holdfast-${options.installation}`);
    const busy = await driver.create(specOf({ workspaceId: 'ws_busy', ...LONG }));
    const idle = await driver.create(specOf({ workspaceId: 'ws_idle', ...LONG }));
    expect(await isThere(path.join(groups, 'ws_idle'))).toBe(true);
    await idle.kill();
    await until('the end of its group', async () => {
      await reapLater(0, [busy.id]);
      return !(await isThere(path.join(groups, 'ws_idle')));
    });
    expect(await isThere(path.join(groups, 'ws_busy'))).toBe(true);
    await busy.kill();
  });
});
