import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SANDBOX_UID } from './options.ts';
import { SEARCH_PATH } from './requirements.ts';
import { seccompProgram } from './seccomp.ts';

const RUNNER = new URL('../../../sandbox-images/runner/holdfast_runner.py', import.meta.url);

/**
 * What this worker inherited from whoever started it may be open here too: none of that is for a
 * sandbox. The compiled runner saves a third of the start; another Python compiles it anew.
 */
const START = `import os, sys
os.closerange(3, 65536)
del sys.argv[0]
import marshal
from _frozen_importlib_external import MAGIC_NUMBER
try:
    with open(sys.argv[0] + 'c', 'rb') as file:
        compiled = file.read()
    if compiled[:4] != MAGIC_NUMBER:
        raise ValueError
    code = marshal.loads(compiled[16:])
except Exception:
    with open(sys.argv[0]) as file:
        code = compile(file.read(), sys.argv[0], 'exec')
exec(code, {'__name__': '__main__'})
`;

const COMPILE = `import py_compile, sys
py_compile.compile(sys.argv[1], sys.argv[1] + 'c', doraise=True)`;

const FILES = {
  'start.py': START,
  passwd: `sandbox:x:${SANDBOX_UID}:${SANDBOX_UID}::/tmp:/bin/sh\n`,
  group: `sandbox:x:${SANDBOX_UID}:\n`,
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
};

/**
 * Folder of the files that every sandbox sees, read-only; made if it is not there. It is named after
 * what is in it, so that nobody's sandbox starts from files that are just being replaced.
 */
export async function fillLibrary(root: string, python: string): Promise<string> {
  const runner = await readFile(fileURLToPath(RUNNER));
  const seccomp = seccompProgram(process.arch);
  const text = JSON.stringify([FILES, COMPILE, python]);
  const digest = createHash('sha256').update(runner).update(seccomp).update(text).digest('hex');
  const library = join(root, `.lib-${digest.slice(0, 16)}`);
  if (existsSync(library)) return library;
  const draft = join(root, `.lib-${randomUUID()}`);
  await mkdir(draft);
  try {
    const files = Object.entries({ ...FILES, 'runner.py': runner, 'seccomp.bpf': seccomp });
    for (const [name, content] of files) await writeFile(join(draft, name), content);
    await promisify(execFile)(python, ['-I', '-c', COMPILE, join(draft, 'runner.py')], {
      env: { PATH: SEARCH_PATH },
    });
    const names = [...files.map(([name]) => name), 'runner.pyc'];
    for (const name of names) await chmod(join(draft, name), 0o644);
    await chmod(draft, 0o755);
    await rename(draft, library);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was faster.
    if (!existsSync(library)) throw error;
  }
  return library;
}
