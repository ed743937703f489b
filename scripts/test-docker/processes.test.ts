import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { daemonsWith, endProcesses, isAlive } from './processes.ts';

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'ends the processes of Docker that name a folder, and nobody else who names it',
  async () => {
    const folder = `/nonexistent/${process.pid}-${Date.now()}/data`;
    const script = 'setTimeout(() => undefined, 60_000)';
    const run = (name: string): ReturnType<typeof spawn> =>
      spawn(process.execPath, ['-e', script, '--', '--data-root', folder], { argv0: name });
    const [daemon, shim, reader] = [
      run('dockerd'),
      run('/bin/containerd-shim-runc-v2'),
      run('tail'),
    ];
    await Promise.all([daemon, shim, reader].map((child) => once(child, 'spawn')));
    expect(daemonsWith(folder).toSorted()).toEqual([daemon.pid, shim.pid].toSorted());
    await endProcesses(daemonsWith(folder));
    expect([daemon, shim, reader].map(({ pid }) => isAlive(pid ?? 0))).toEqual([
      false,
      false,
      true,
    ]);
    reader.kill('SIGKILL');
  },
);
