import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { openKernelLog } from '../../../adapters/sandbox/denials/kernel-log.ts';
import { run, shell, specOf } from '../docker-fixture.ts';
import { shareSandbox } from './shared-sandbox.ts';
import type { DeniedCall } from '../../../contracts/sandbox.ts';
import type { Sandbox } from '../../../adapters/sandbox/port.ts';
import type { SuiteBench } from '../port.suite.ts';

const TRIES = 20;
const AGAIN_MS = 500;

/** Why this machine tells nothing of refused calls; null if it does. */
export async function denialsReason(): Promise<string | null> {
  await using log = await openKernelLog();
  return log.reason;
}

/** Calls that the kernel refused. */
export function denialTests(openBench: () => Promise<SuiteBench>): void {
  const shared = shareSandbox(openBench);

  /** Makes the call until it is heard of: the kernel writes down some of many calls only. */
  async function provoke(make: () => Promise<unknown>, isHeard: () => boolean): Promise<void> {
    for (let tries = 0; tries < TRIES && !isHeard(); tries += 1) {
      await make();
      await wait(AGAIN_MS);
    }
    expect(isHeard()).toBe(true);
  }

  function callsOf(sandbox: Sandbox): DeniedCall[] {
    const calls: DeniedCall[] = [];
    sandbox.onDenied((call) => calls.push(call));
    return calls;
  }

  test('is told of with its name, its program and its time, to all who are connected', async () => {
    const { bench, spec, sandbox } = shared();
    const watcher = await bench.open().connect(spec.id);
    const heard = [sandbox, watcher].map(callsOf);
    const before = Date.now();
    const make = async () =>
      expect(await shell(sandbox, 'unshare --user true')).toMatchObject({ exitCode: 1 });
    await provoke(make, () => heard.every((calls) => calls.length > 0));
    const [call] = heard[0] ?? [];
    expect(call).toMatchObject({ call: 'unshare', program: 'unshare' });
    expect(Math.abs(Date.parse(call?.at ?? '') - before)).toBeLessThan(60_000);
    expect(heard[1]).toEqual(heard[0]);
  });

  test('is told of its own sandbox only, also when the program that made it is gone', async () => {
    const { bench, sandbox } = shared();
    const other = await bench.open().create(specOf());
    const [mine, others] = [callsOf(sandbox), callsOf(other)];
    const told = mine.length;
    await provoke(
      () => shell(other, 'unshare --mount true'),
      () => others.length > 0,
    );
    expect(mine).toHaveLength(told);
    await other.kill();
  });

  test('cannot be hidden by another session or under a misleading name', async () => {
    const { sandbox } = shared();
    const calls = callsOf(sandbox);
    const script = `
import ctypes
for path in ('/proc/self/loginuid', '/proc/1/loginuid'):
    try:
        open(path, 'wb', 0).write(b'4294967295')
        print('LEFT')
    except OSError:
        pass
libc = ctypes.CDLL(None)
libc.prctl(15, b'x" ses=1 pid=1', 0, 0, 0)
libc.unshare(0x10000000)`;
    const make = async () =>
      expect(await run(sandbox, ['python3', '-c', script])).toMatchObject({ stdout: '' });
    await provoke(make, () => calls.some(({ program }) => program === 'x" ses=1 pid=1'));
  });
}
