import { expect, test } from '@jest/globals';
import { run, shell, specOf } from '../docker-fixture.ts';
import { shareSandbox } from './shared-sandbox.ts';
import type { SuiteBench } from '../port.suite.ts';

const LIMITS = { memoryMb: 64, cpus: 1, pids: 32, diskMb: 16 };
const MIB = 1024 * 1024;
const EAT = 'x = []\nwhile True: x.append(bytearray(b"x" * 1000000))';

/** Limits of a sandbox as a whole. */
export function limitTests(openBench: () => Promise<SuiteBench>): void {
  const shared = shareSandbox(openBench, { limits: LIMITS });

  test('stops a fork bomb, and what comes after it works', async () => {
    const { sandbox } = shared();
    const bomb = 'for i in $(seq 200); do sleep 30 & done; wait';
    const ran = await run(sandbox, ['sh', '-c', bomb], { deadlineMs: 2_000 });
    expect(ran.stderr).toMatch(/Cannot fork|Resource temporarily unavailable/i);
    expect((await sandbox.metrics()).pids).toBeLessThanOrEqual(LIMITS.pids);
    expect(await shell(sandbox, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
  });

  test('ends the command that eats all memory, and that one alone', async () => {
    const { sandbox } = shared();
    expect(await run(sandbox, ['python3', '-c', EAT])).toMatchObject({ end: 'oom' });
    expect(await shell(sandbox, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
  });

  test('ends a sandbox whose first process itself has no memory left, and is named as the reason', async () => {
    const { bench, driver } = shared();
    const spec = specOf({ limits: { ...LIMITS, diskMb: 256 } });
    const sandbox = await driver.create(spec);
    const watcher = await bench.open().connect(spec.id);
    const fill = (name: number): string =>
      `while :; do head -c 1000000 /dev/zero >> f${name} || exit; done`;
    await Promise.allSettled(Array.from({ length: 20 }, (_, name) => shell(sandbox, fill(name))));
    await expect(sandbox.died).resolves.toMatchObject({ reason: 'oom' });
    await expect(watcher.died).resolves.toMatchObject({ reason: 'oom' });
    await expect(driver.connect(spec.id)).rejects.toMatchObject({
      code: 'sandbox.lost',
      message: expect.stringContaining('oom'),
    });
  });

  test('is told beside what is used', async () => {
    const { sandbox } = shared();
    await shell(sandbox, 'head -c 5000000 /dev/zero > zeros');
    const metrics = await sandbox.metrics();
    expect(metrics.memoryLimitBytes).toBe(LIMITS.memoryMb * MIB);
    expect(metrics.memoryBytes).toBeGreaterThan(5_000_000);
    expect(metrics.diskBytes).toBeGreaterThanOrEqual(5_000_000);
    expect(metrics.diskLimitBytes).toBe(LIMITS.diskMb * MIB);
    expect(metrics.cpuMs).toBeGreaterThan(0);
    expect(metrics.networkBytes).toBe(0);
  });
}
