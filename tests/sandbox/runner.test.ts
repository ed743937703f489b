import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeUnless } from '../harness/not-run.ts';
import {
  NO_RUNNER,
  finish,
  isAlive,
  pidFile,
  pidFrom,
  sha256,
  shell,
  startRunner,
  startWire,
  toRequest,
} from './runner-process.ts';

const MIB = 1 << 20;
const SIZE = 50 * MIB;
/** Deterministic bytes of all values; prints their SHA-256 on standard error. */
const WRITE_50_MB = `
import hashlib, sys
h = hashlib.sha256()
block = hashlib.sha512(b'holdfast').digest() * 16384
for i in range(50):
    piece = bytes([i]) * 7 + block[7:]
    h.update(piece)
    sys.stdout.buffer.write(piece)
sys.stdout.flush()
sys.stderr.write(h.hexdigest())
`;

describeUnless(NO_RUNNER, 'the runner runs commands', () => {
  test('keeps the streams apart and tells how a command ended', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const command = await parts.exec(toRequest('c', shell('echo out; echo err >&2; exit 7')));
    const { stdout, stderr, result } = await finish(command);
    expect([stdout.toString(), stderr.toString()]).toEqual(['out\n', 'err\n']);
    expect(result).toMatchObject({ end: 'exit', exitCode: 7, signal: null, truncated: false });
    expect(result).toMatchObject({ stdoutBytes: 4, stderrBytes: 4 });
  });

  test('runs a command once, however often it is asked for', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const request = toRequest('c', shell('echo x >> count; sleep 0.2; echo done'));
    const both = await Promise.all([parts.exec(request), parts.exec(request)]);
    const outcomes = await Promise.all(both.map(finish));
    const again = await finish(await parts.exec(request));
    expect([...outcomes, again].map(({ stdout }) => stdout.toString())).toEqual(
      Array.from({ length: 3 }, () => 'done\n'),
    );
    expect(readFileSync(join(runner.workspace, 'count'), 'utf8')).toBe('x\n');
    await expect(parts.exec(toRequest('c', ['true']))).rejects.toMatchObject({
      code: 'sandbox.command_conflict',
    });
    await expect(parts.attach('other')).rejects.toMatchObject({
      code: 'sandbox.command_not_found',
    });
  });

  test.each([
    ['that does not exist', ['/nowhere/program'], 127],
    ['that is on no path', ['no-such-program'], 127],
    ['that cannot be executed', ['/etc/passwd'], 126],
  ])('ends like a shell for a program %s', async (_what, argv, exitCode) => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const { stderr, result } = await finish(await parts.exec(toRequest('c', argv)));
    expect(result).toMatchObject({ end: 'exit', exitCode });
    expect(stderr.toString()).toContain(argv[0]);
  });

  test('gives 50 MB of binary output byte by byte, and again from an offset', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const request = toRequest('c', ['python3', '-c', WRITE_50_MB]);
    const { stdout, stderr, result } = await finish(await parts.exec(request));
    expect(stdout.length).toBe(SIZE);
    expect(sha256(stdout)).toBe(stderr.toString());
    expect(result).toMatchObject({ stdoutBytes: SIZE, truncated: false });
    const from = { stdout: SIZE - 5 * MIB, stderr: 10 };
    const rest = await finish(await parts.attach('c', from));
    expect(sha256(rest.stdout)).toBe(sha256(stdout.subarray(from.stdout)));
    expect(rest.stderr.toString()).toBe(stderr.subarray(10).toString());
  });

  test('reads on without gap or duplicate when the connection breaks again and again', async () => {
    await using runner = startRunner();
    await using wire = await startWire(runner);
    await runner.connect();
    const { parts } = await runner.connect({ socketPath: wire.socketPath });
    const command = await parts.exec(toRequest('c', ['python3', '-c', WRITE_50_MB]));
    const pieces: Uint8Array[] = [];
    let size = 0;
    let cuts = 0;
    let digest = '';
    for await (const { stream, bytes } of command.output) {
      if (stream === 'stderr') digest += Buffer.from(bytes).toString();
      else pieces.push(bytes);
      size += bytes.length;
      if (size > (cuts + 1) * 8 * MIB) {
        cuts += 1;
        wire.cut();
      }
    }
    expect(cuts).toBeGreaterThan(4);
    expect(sha256(Buffer.concat(pieces))).toBe(digest);
    expect(await command.result).toMatchObject({ end: 'exit', exitCode: 0 });
  });

  test('carries 10 MB without a newline, and drops and counts what is beyond the limit', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const argv = shell(`head -c ${10 * MIB} /dev/zero; echo e >&2`);
    const whole = await finish(await parts.exec(toRequest('whole', argv)));
    expect(whole.stdout.length).toBe(10 * MIB);
    const cut = await finish(await parts.exec(toRequest('cut', argv, { maxOutputBytes: 1_000 })));
    expect(cut.stdout.length).toBe(1_000);
    expect(cut.stderr.toString()).toBe('e\n');
    expect(cut.result).toMatchObject({ stdoutBytes: 10 * MIB, truncated: true, exitCode: 0 });
  });

  test('does not let a slow reader hold up another command or the command itself', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const slow = await parts.exec(toRequest('slow', shell(`head -c ${20 * MIB} /dev/zero`)));
    expect(await slow.result).toMatchObject({ stdoutBytes: 20 * MIB });
    const other = await finish(await parts.exec(toRequest('other', ['echo', 'hi'])));
    expect(other.stdout.toString()).toBe('hi\n');
    expect((await finish(slow)).stdout.length).toBe(20 * MIB);
  });

  test('gives standard input at once, in pieces, or none', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const stdin = Buffer.alloc(3 * MIB, 'abc');
    const whole = await finish(await parts.exec(toRequest('whole', ['cat'], { stdin })));
    expect(sha256(whole.stdout)).toBe(sha256(stdin));
    const open = await parts.exec(toRequest('open', ['cat'], { openStdin: true }));
    await open.write(Buffer.from('one '));
    await open.write(Buffer.from('two'));
    await open.closeStdin();
    expect((await finish(open)).stdout.toString()).toBe('one two');
    const none = await finish(await parts.exec(toRequest('none', ['cat'])));
    expect(none.result).toMatchObject({ end: 'exit', stdoutBytes: 0 });
  });

  test('feeds standard input exactly although the connection breaks', async () => {
    await using runner = startRunner();
    await using wire = await startWire(runner);
    await runner.connect();
    const { parts } = await runner.connect({ socketPath: wire.socketPath });
    const command = await parts.exec(toRequest('c', ['sha256sum'], { openStdin: true }));
    const pieces = Array.from({ length: 40 }, (_, index) => Buffer.alloc(100_000, index + 1));
    for (const [index, piece] of pieces.entries()) {
      await command.write(piece);
      if (index % 10 === 5) wire.cut();
    }
    await command.closeStdin();
    const { stdout } = await finish(command);
    expect(stdout.toString().slice(0, 64)).toBe(sha256(Buffer.concat(pieces)));
  });

  test.each([
    ['SIGINT', { end: 'signal', signal: 'SIGINT' }],
    ['SIGTERM', { end: 'signal', signal: 'SIGTERM' }],
    ['SIGKILL', { end: 'killed', signal: 'SIGKILL' }],
  ] as const)('sends %s', async (name, expected) => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const command = await parts.exec(toRequest('c', ['sleep', '60']));
    await command.signal(name);
    expect(await command.result).toMatchObject({ ...expected, exitCode: null });
  });

  test('kills descendants in other sessions at the deadline', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const script = `(setsid sh -c 'trap "" TERM; echo $$ > pid; sleep 60; sleep 60' &) ; sleep 60`;
    const request = toRequest('c', shell(script), { deadlineMs: 700 });
    const command = await parts.exec(request);
    const pid = await pidFrom(pidFile(runner));
    expect(isAlive(pid)).toBe(true);
    expect(await command.result).toMatchObject({ end: 'deadline', exitCode: null });
    expect(isAlive(pid)).toBe(false);
  });

  test('leaves nothing behind that a finished command started and hid', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const script = `(env -i setsid sh -c 'echo $$ > pid; exec sleep 60' >/dev/null 2>&1 &) ; sleep 0.3`;
    const command = await parts.exec(toRequest('c', shell(script)));
    const pid = await pidFrom(pidFile(runner));
    expect(await command.result).toMatchObject({ end: 'exit', exitCode: 0 });
    expect(isAlive(pid)).toBe(false);
  });

  test('does not touch the processes of another command', async () => {
    await using runner = startRunner();
    const { parts } = await runner.connect();
    const script = `(setsid sh -c 'echo $$ > pid; exec sleep 60' &) ; sleep 60`;
    const other = await parts.exec(toRequest('other', shell(script)));
    const pid = await pidFrom(pidFile(runner));
    const command = await parts.exec(toRequest('c', shell('(setsid sleep 60 &); true')));
    expect(await command.result).toMatchObject({ end: 'exit' });
    expect(isAlive(pid)).toBe(true);
    await other.signal('SIGKILL');
    expect(isAlive(pid)).toBe(false);
  });
});
