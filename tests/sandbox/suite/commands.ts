import { expect, test } from '@jest/globals';
import { run, shell } from '../docker-fixture.ts';
import { shareSandbox } from './shared-sandbox.ts';
import type { SuiteBench } from '../port.suite.ts';

const LIMITS = { deadlineMs: 30_000, maxOutputBytes: 100_000 };
/** Counts processes with such arguments; the pattern does not match itself. */
const COUNT = (pattern: string): string =>
  `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c '${pattern}'`;

/** Commands, their output and their end. */
export function commandTests(openBench: () => Promise<SuiteBench>): void {
  const shared = shareSandbox(openBench);

  test('keeps its streams apart and tells how it ended and what it used', async () => {
    const ran = await shell(shared().sandbox, 'echo out; echo err >&2; exit 7');
    expect(ran).toMatchObject({ stdout: 'out\n', stderr: 'err\n', end: 'exit', exitCode: 7 });
    expect(ran.maxMemoryBytes).toBeGreaterThan(0);
  });

  test('runs once for its id, whoever asks, and another one is a conflict', async () => {
    const { sandbox, bench, spec } = shared();
    const request = {
      ...LIMITS,
      commandId: 'once',
      argv: ['sh', '-c', 'echo x >> once; cat once'],
    };
    const other = await bench.open().connect(spec.id);
    const all = [sandbox.exec(request), sandbox.exec(request), other.exec(request)];
    for (const command of await Promise.all(all)) await command.result;
    const again = await run(sandbox, request.argv, request);
    expect(again.stdout).toBe('x\n');
    await expect(sandbox.exec({ ...request, argv: ['true'] })).rejects.toMatchObject({
      code: 'sandbox.command_conflict',
    });
    await expect(sandbox.attach('nobody')).rejects.toMatchObject({
      code: 'sandbox.command_not_found',
    });
  });

  test('is read on from any byte, and beyond its limit counted, not kept', async () => {
    const { sandbox } = shared();
    const argv = ['sh', '-c', 'seq 1 20000'];
    const ran = await run(sandbox, argv, { commandId: 'seq', maxOutputBytes: 1_000 });
    expect(ran).toMatchObject({ truncated: true, stdoutBytes: 108_894 });
    expect(ran.stdout).toHaveLength(1_000);
    const command = await sandbox.attach('seq', { stdout: 990, stderr: 0 });
    const seen: Uint8Array[] = [];
    for await (const { bytes } of command.output) seen.push(bytes);
    expect(Buffer.concat(seen).toString()).toBe(ran.stdout.slice(990));
  });

  test('reads what it is given, in pieces or at once', async () => {
    const { sandbox } = shared();
    expect((await run(sandbox, ['cat'], { stdin: Buffer.from('whole') })).stdout).toBe('whole');
    const open = await sandbox.exec({
      ...LIMITS,
      ...{ commandId: 'open', argv: ['cat'], openStdin: true },
    });
    for (const piece of ['one ', 'two']) await open.write(Buffer.from(piece));
    await open.closeStdin();
    expect(await open.result).toMatchObject({ end: 'exit', stdoutBytes: 7 });
    expect((await run(sandbox, ['cat'])).stdoutBytes).toBe(0);
  });

  test('gets its folder and its variables, and nothing of the host', async () => {
    const { sandbox } = shared();
    await shell(sandbox, 'mkdir -p inner');
    const ran = await run(sandbox, ['sh', '-c', 'pwd; echo $MINE; env'], {
      ...{ cwd: 'inner', env: { MINE: 'yes' } },
    });
    expect(ran.stdout).toContain('/workspace/inner\nyes\n');
    expect(ran.stdout).not.toMatch(/HOLDFAST_TEST|DATABASE/);
  });

  test('is killed at its deadline with all its descendants, also those of other sessions', async () => {
    const { sandbox } = shared();
    const script = `(setsid sh -c 'trap "" TERM; sleep 4711; sleep 4711' &); sleep 4711`;
    expect(await run(sandbox, ['sh', '-c', script], { deadlineMs: 500 })).toMatchObject({
      end: 'deadline',
      exitCode: null,
    });
    expect((await shell(sandbox, COUNT('sleep 471[1]'))).stdout).toBe('0\n');
  });

  test('is ended by a signal, with what hides in another session', async () => {
    const { sandbox } = shared();
    const script = '(env -i setsid sleep 4712 &); echo up; sleep 4712';
    const request = { ...LIMITS, commandId: 'hidden', argv: ['sh', '-c', script] };
    await using command = await sandbox.exec(request);
    for await (const { bytes } of command.output) {
      if (Buffer.from(bytes).toString().includes('up')) break;
    }
    await command.signal('SIGKILL');
    expect((await shell(sandbox, COUNT('sleep 471[2]'))).stdout).toBe('0\n');
    await using followed = await sandbox.attach('hidden');
    expect(await followed.result).toMatchObject({ end: 'killed', signal: 'SIGKILL' });
  });

  test('that kills all it can leaves the sandbox alive', async () => {
    const { sandbox } = shared();
    await shell(sandbox, 'kill -9 -1; kill -9 1');
    expect(await shell(sandbox, 'echo alive')).toMatchObject({ stdout: 'alive\n' });
  });

  test('can share locks with processes of its own', async () => {
    const script = 'import multiprocessing; multiprocessing.Lock(); print("ok")';
    expect((await run(shared().sandbox, ['python3', '-c', script])).stdout).toBe('ok\n');
  });

  test('can be dialled at the port that it listens on', async () => {
    const { sandbox } = shared();
    const script = [
      'import socket',
      'server = socket.create_server(("127.0.0.1", 4713))',
      'print("up", flush=True)',
      'near = server.accept()[0]',
      'near.sendall(near.recv(100).upper())',
      'near.close()',
    ];
    const argv = ['python3', '-c', script.join('\n')];
    await using command = await sandbox.exec({ ...LIMITS, commandId: 'server', argv });
    for await (const { bytes } of command.output) {
      if (Buffer.from(bytes).toString().includes('up')) break;
    }
    const stream = await sandbox.dial(4713);
    stream.write('hello');
    const seen: Uint8Array[] = [];
    for await (const bytes of stream) seen.push(bytes as Uint8Array);
    expect(Buffer.concat(seen).toString()).toBe('HELLO');
    await expect(sandbox.dial(4714)).rejects.toMatchObject({ code: 'sandbox.unavailable' });
  });
}
