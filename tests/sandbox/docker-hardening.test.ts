import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { openBench, run, shell, specOf } from './docker-fixture.ts';
import type { Sandbox } from '../../adapters/sandbox/port.ts';
import type { DriverBench } from './docker-fixture.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

const LIMITS = { memoryMb: 128, cpus: 1, pids: 32, diskMb: 16 };

describeUnless(reason, 'a sandbox of Docker, seen from inside,', () => {
  let bench: DriverBench;
  let sandbox: Sandbox;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    sandbox = await bench.open().create(specOf({ id: 'hard', limits: LIMITS }));
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  test('has no capabilities within bounds either', async () => {
    const { stdout } = await shell(sandbox, 'cat /proc/self/status');
    expect(stdout).toMatch(/^CapBnd:\t0{16}$/m);
  });

  test('has no socket of Docker', async () => {
    expect((await shell(sandbox, 'find / -name docker.sock 2>/dev/null')).stdout).toBe('');
  });

  test('only the folder of its sockets comes from the host, and it is closed to others there', async () => {
    const { HostConfig, Config, Mounts } = await docker.getContainer('holdfast-hard').inspect();
    const folder = path.join(bench.folder, 's', 'hard');
    expect(Mounts.map(({ Source }) => Source)).toEqual([folder]);
    expect(HostConfig).toMatchObject({ Privileged: false, NetworkMode: 'none', IpcMode: 'none' });
    expect(Config.Env.filter((entry) => /KEY|TOKEN|SECRET|PASSWORD/.test(entry))).toEqual([]);
    const { mode } = await import('node:fs/promises').then(({ stat }) =>
      stat(path.dirname(folder)),
    );
    expect((mode & 0o777).toString(8)).toBe('700');
  });

  test('programs run in the workspace and in /tmp, none in shared memory', async () => {
    const line = (folder: string): string => `cp /bin/true ${folder}/t && ${folder}/t`;
    expect((await shell(sandbox, line('/workspace'))).exitCode).toBe(0);
    expect((await shell(sandbox, line('/tmp'))).exitCode).toBe(0);
    expect((await shell(sandbox, line('/dev/shm'))).exitCode).not.toBe(0);
  });

  test('the sandboxes of a workspace together stay below its ceiling', async () => {
    const ceilings = { sandboxes: 4, memoryMb: 1024, cpus: 2, pids: 40 };
    const strict = bench.open({ ceilings });
    const limits = { ...LIMITS, pids: 30 };
    const spec = { workspaceId: 'ws_together', limits };
    const [one, two] = await Promise.all([
      strict.create(specOf(spec)),
      strict.create(specOf(spec)),
    ]);
    const { cgroup } = (await strict.parts()).host;
    if (cgroup.driver === 'cgroupfs') {
      const bomb = 'for i in $(seq 28); do sleep 20 & done; wait';
      const options = { deadlineMs: 3_000 };
      const both = await Promise.all([one, two].map((of) => run(of, ['sh', '-c', bomb], options)));
      expect(both.map(({ stderr }) => stderr).join('')).toMatch(/Cannot fork|unavailable/i);
    } else {
      expect(bench.warnings.join()).toContain('cgroup driver');
    }
    await Promise.all([one.kill(), two.kill()]);
  });

  test('the host ends first what is in a sandbox when its memory runs out', async () => {
    const { State } = await docker.getContainer('holdfast-hard').inspect();
    const score = await readFile(`/proc/${State.Pid}/oom_score_adj`, 'utf8').catch(() => null);
    if (score !== null) expect(Number(score)).toBe(500);
  });
});
