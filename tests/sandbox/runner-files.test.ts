import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeUnless } from '../harness/not-run.ts';
import { NO_RUNNER, finish, sha256, shell, startRunner, toRequest } from './runner-process.ts';

/** Nothing is closed to the user 0; others cannot start processes of others. */
const IS_ROOT = process.getuid?.() === 0;
const USER = IS_ROOT ? 65_534 : undefined;

describeUnless(NO_RUNNER, 'the runner lists files', () => {
  test('also in folders that a command has closed, which stay closed', async () => {
    await using runner = startRunner([], USER);
    const { parts } = await runner.connect();
    const close = 'mkdir -p a/b; printf x > a/b/f; chmod 0 a/b/f; chmod 111 a/b; chmod 0 a';
    await finish(await parts.exec(toRequest('c', shell(close))));
    const x = { kind: 'file', path: 'a/b/f', sha256: sha256(Buffer.from('x')), sizeBytes: 1 };
    expect(await parts.files.list()).toEqual([
      { kind: 'folder', path: 'a', mode: 0 },
      { kind: 'folder', path: 'a/b', mode: 0o111 },
      { ...x, mode: 0 },
    ]);
    expect((await parts.files.read('a/b/f')).toString()).toBe('x');
    expect(statSync(join(runner.workspace, 'a')).mode & 0o777).toBe(0);
  });
});

const needsRoot = IS_ROOT ? null : 'only the user 0 can make what the runner cannot open';
describeUnless(NO_RUNNER ?? needsRoot, 'a listing of the runner', () => {
  test('fails with the path that cannot be read, and leaves nothing out', async () => {
    await using runner = startRunner([], USER);
    const { parts } = await runner.connect();
    const folder = join(runner.workspace, 'theirs');
    mkdirSync(folder, { mode: 0o700 });
    const refused = (path: string) => ({
      code: 'sandbox.bad_path',
      message: expect.stringContaining(`${path}: `),
    });
    await expect(parts.files.list()).rejects.toMatchObject(refused('theirs'));
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'secret'), 'x', { mode: 0o600 });
    await expect(parts.files.list()).rejects.toMatchObject(refused('theirs/secret'));
    chmodSync(join(folder, 'secret'), 0o644);
    chmodSync(folder, 0o744);
    await expect(parts.files.list()).rejects.toMatchObject(refused('theirs/secret'));
    chmodSync(folder, 0o755);
    expect(await parts.files.list()).toHaveLength(2);
  });
});
