import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { shell } from '../docker-fixture.ts';
import { shareSandbox } from './shared-sandbox.ts';
import type { SuiteBench } from '../port.suite.ts';

const LIMITS = { memoryMb: 256, cpus: 1, pids: 64, diskMb: 16 };
const MIB = 1024 * 1024;

/** Files of the workspace, from outside. */
export function fileTests(openBench: () => Promise<SuiteBench>): void {
  const shared = shareSandbox(openBench, { limits: LIMITS });

  test('are written whole, read in parts, listed with hashes and removed', async () => {
    const { files } = shared().sandbox;
    const bytes = Buffer.alloc(3 * MIB, 'holdfast');
    await files.write('deep/er/data.bin', bytes, 0o755);
    expect((await files.read('deep/er/data.bin')).equals(bytes)).toBe(true);
    const part = await files.read('deep/er/data.bin', { offset: 5, length: 8 });
    expect(part.toString()).toBe(bytes.subarray(5, 13).toString());
    await files.make({ kind: 'link', path: 'deep/link', target: 'er' });
    await files.make({ kind: 'folder', path: 'deep/empty', mode: 0o755 });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await files.list('deep')).toMatchObject([
      { kind: 'folder', path: 'deep/empty' },
      { kind: 'folder', path: 'deep/er' },
      { kind: 'file', path: 'deep/er/data.bin', sha256, sizeBytes: bytes.length, mode: 0o755 },
      { kind: 'link', path: 'deep/link', target: 'er' },
    ]);
    await files.remove('deep');
    await files.remove('deep');
    expect(await files.list()).toEqual([]);
  });

  test('are those that commands see, and show what commands change', async () => {
    const { sandbox } = shared();
    await sandbox.files.write('in.txt', Buffer.from('from outside\n'));
    const { stdout } = await shell(sandbox, 'cat in.txt; tr a-z A-Z < in.txt > out.txt');
    expect(stdout).toBe('from outside\n');
    expect((await sandbox.files.read('out.txt')).toString()).toBe('FROM OUTSIDE\n');
    const changes = sandbox.files.watch()[Symbol.asyncIterator]();
    const first = changes.next();
    await shell(sandbox, 'sleep 0.5; echo more >> in.txt');
    expect(await first).toMatchObject({ value: 'in.txt' });
    await changes.return?.();
    await sandbox.files.remove('');
  });

  test.each(['../x', '/etc/passwd', 'a/../../x', 'a//b', './a', 'a/', 'nul\0'])(
    'are not outside of the workspace: %j',
    async (path) => {
      const { files } = shared().sandbox;
      const refused = { code: 'sandbox.bad_path' };
      await expect(files.read(path)).rejects.toMatchObject(refused);
      await expect(files.write(path, Buffer.from('x'))).rejects.toMatchObject(refused);
      await expect(files.remove(path)).rejects.toMatchObject(refused);
    },
  );

  test('are never reached through links', async () => {
    const { sandbox } = shared();
    await shell(
      sandbox,
      'ln -s /tmp out; ln -s /etc/passwd name; ln -s loop loop; echo x > /tmp/x',
    );
    const refused = { code: 'sandbox.bad_path' };
    await expect(sandbox.files.read('out/x')).rejects.toMatchObject(refused);
    await expect(sandbox.files.read('name')).rejects.toMatchObject(refused);
    await expect(sandbox.files.read('loop')).rejects.toMatchObject(refused);
    await expect(sandbox.files.write('out/y', Buffer.from('y'))).rejects.toMatchObject(refused);
    await expect(sandbox.files.list('out')).rejects.toMatchObject(refused);
    // What replaces the link is a file; where the link led stays as it is.
    await sandbox.files.write('name', Buffer.from('mine'));
    expect((await sandbox.files.read('name')).toString()).toBe('mine');
    await sandbox.files.remove('out');
    expect((await shell(sandbox, 'cat /tmp/x')).stdout).toBe('x\n');
    await expect(sandbox.files.read('nothing')).rejects.toMatchObject({
      code: 'sandbox.file_not_found',
    });
    await sandbox.files.remove('');
  });

  test('are all listed, read and written where their owner has closed folders to itself', async () => {
    const { sandbox } = shared();
    const { files } = sandbox;
    const close =
      'mkdir -p a/b c d; echo 1 > a/b/x; ln -s x a/b/l; echo 2 > c/y; echo 3 > d/z; ' +
      'chmod 0 d/z; chmod 444 c; chmod 555 d; chmod 111 a/b; chmod 0 a';
    expect((await shell(sandbox, close)).stderr).toBe('');
    const modes = {
      a: 0,
      'a/b': 0o111,
      'a/b/x': 0o644,
      c: 0o444,
      'c/y': 0o644,
      d: 0o555,
      'd/z': 0,
    };
    const listed = async (): Promise<Readonly<Record<string, number>>> =>
      Object.fromEntries(
        (await files.list()).flatMap((each) =>
          each.kind === 'link' ? [] : [[each.path, each.mode]],
        ),
      );
    expect(await listed()).toEqual(modes);
    expect(await files.list('a/b')).toMatchObject([{ path: 'a/b/l', target: 'x' }, {}]);
    expect((await files.read('a/b/x')).toString()).toBe('1\n');
    expect((await files.read('d/z')).toString()).toBe('3\n');
    await files.write('a/b/new/file', Buffer.from('new'));
    await files.make({ kind: 'link', path: 'd/link', target: 'z' });
    await files.remove('c/y');
    const { 'c/y': _, ...left } = modes;
    expect(await listed()).toEqual({ ...left, 'a/b/new': 0o755, 'a/b/new/file': 0o644 });
    await files.remove('');
    expect(await files.list()).toEqual([]);
  });

  test('find the disk full at its limit, from inside and outside, and the sandbox lives on', async () => {
    const { sandbox } = shared();
    const ran = await shell(sandbox, 'head -c 40000000 /dev/zero > big; stat -c %s big');
    expect(ran.stderr).toContain('No space left on device');
    expect(Number(ran.stdout)).toBeLessThanOrEqual(LIMITS.diskMb * MIB);
    await expect(sandbox.files.write('more', Buffer.alloc(MIB))).rejects.toMatchObject({
      code: 'sandbox.disk_full',
    });
    expect((await sandbox.metrics()).diskLimitBytes).toBe(LIMITS.diskMb * MIB);
    await sandbox.files.remove('big');
    await sandbox.files.write('more', Buffer.alloc(MIB));
    await sandbox.files.remove('');
  });
}
