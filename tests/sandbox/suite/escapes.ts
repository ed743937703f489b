import { expect, test } from '@jest/globals';
import { run, shell } from '../docker-fixture.ts';
import { shareSandbox } from './shared-sandbox.ts';
import type { SuiteBench } from '../port.suite.ts';

const python = (statement: string): string => `python3 -c '${statement}'`;
const dial = (host: string, port: number): string =>
  python(`import socket; socket.create_connection(("${host}", ${port}), 3)`);

/** What code in a sandbox must not be able to do. */
export function escapeTests(openBench: () => Promise<SuiteBench>): void {
  const shared = shareSandbox(openBench);

  test('has no capabilities, can gain none, and its system calls are filtered', async () => {
    const { sandbox, driver } = shared();
    const { stdout } = await shell(sandbox, 'cat /proc/self/status');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) {
      expect(stdout).toMatch(new RegExp(`^${set}:\\t0{16}$`, 'm'));
    }
    expect(stdout).toMatch(/^NoNewPrivs:\t1$/m);
    // Stronger levels have a kernel of their own, which filters nothing.
    const isShared = driver.level === 'process' || driver.level === 'docker';
    expect(stdout).toMatch(isShared ? /^Seccomp:\t2$/m : /^Seccomp:\t\d$/m);
    expect(stdout).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
  });

  test.each([
    ['writes outside its own folders', 'touch /etc/x || touch /usr/x || touch /x'],
    ['mounts', 'mount -t tmpfs none /mnt || mount --bind /tmp /usr'],
    ['opens a namespace', 'unshare -Ur true || unshare -U true'],
    ['reads the environment of the first process', 'cat /proc/1/environ'],
    ['reads the memory of the first process', 'head -c 1 /proc/1/mem'],
    ['looks through the first process', 'ls /proc/1/root/ || ls /proc/1/fd/ || ls /proc/1/cwd/'],
    ['makes a device', 'mknod /tmp/null c 1 3'],
    ['becomes someone else', python('import os; os.setgid(0); os.setuid(0)')],
    ['changes the kernel', 'echo 1 > /proc/sys/kernel/panic'],
    ['goes before others', python('import os; os.setpriority(0, 0, -5)')],
    [
      'opens a raw socket',
      `${python('import socket; socket.socket(2, 3, 1)')} || ${python('import socket; socket.socket(17, 3)')}`,
    ],
    ['reaches the Internet', dial('1.1.1.1', 80)],
    ['reaches the services of the host', dial('172.17.0.1', 22)],
    ['reaches the metadata of a cloud', dial('169.254.169.254', 80)],
    ['resolves names', python('import socket; socket.getaddrinfo("example.com", 80)')],
    ['sees secrets of the host', 'ls /root /home/* /etc/shadow /etc/ssh /var/run/docker.sock'],
  ])('nobody %s', async (_what, line) => {
    const ran = await shell(shared().sandbox, line);
    expect(ran).toMatchObject({ end: 'exit', exitCode: expect.any(Number) });
    expect(ran.exitCode).not.toBe(0);
    expect(ran.exitCode).not.toBe(127);
  });

  test('sees only its own processes, its own loopback and no handle of its runner', async () => {
    const { sandbox } = shared();
    const pids = (await shell(sandbox, 'ls -d /proc/[0-9]* | wc -l')).stdout;
    expect(Number(pids)).toBeLessThan(10);
    const devices = await shell(sandbox, 'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "');
    expect(devices.stdout).toBe('lo\n');
    const open = await run(sandbox, [
      'python3',
      '-c',
      'import os; print(os.listdir("/proc/self/fd"))',
    ]);
    expect(open.stdout).toBe("['0', '1', '2', '3']\n");
  });

  test('does not get the ear of its runner, which listens to the host alone', async () => {
    const script = [
      'import socket',
      's = socket.socket(socket.AF_UNIX)',
      's.connect("/run/holdfast/runner.sock")',
      's.sendall(b"HF" + bytes(14))',
      'print(s.recv(10))',
    ];
    const ran = await run(shared().sandbox, ['python3', '-c', script.join('\n')]);
    expect(ran.stdout === "b''\n" || /Error/.test(ran.stderr)).toBe(true);
    expect(await shell(shared().sandbox, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
  });
}

/** The folder of sockets, which is on the host. */
export function folderTests(openBench: () => Promise<SuiteBench>): void {
  const shared = shareSandbox(openBench);

  test.each([
    ['gets no files', 'touch /run/holdfast/x || mkdir /run/holdfast/x'],
    ['keeps the socket of its runner', 'rm -f /run/holdfast/runner.sock'],
    ['cannot be opened', 'chmod 777 /run/holdfast'],
  ])('%s', async (_what, line) => {
    expect((await shell(shared().sandbox, line)).exitCode).not.toBe(0);
  });
}
