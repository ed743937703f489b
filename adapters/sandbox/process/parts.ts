import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEgressGates, type EgressGates } from '../docker/egress-gates.ts';
import { openSandboxFolders, type SandboxFolders } from '../docker/sandbox-folders.ts';
import { openControlGroups, type ControlGroups } from './control-groups.ts';
import { pythonOf, SANDBOX_UID, type ProcessDriverOptions } from './options.ts';
import { isRoot, requirePrograms, requireReachable } from './requirements.ts';
import { seccompProgram } from './seccomp.ts';

/** What a driver of this level is made of. */
export interface ProcessParts {
  readonly options: ProcessDriverOptions;
  readonly folders: SandboxFolders;
  readonly gates: EgressGates;
  readonly groups: ControlGroups;
  /** Files that every sandbox sees read-only. */
  readonly library: string;
}

const RUNNER = new URL('../../../sandbox-images/runner/holdfast_runner.py', import.meta.url);

/**
 * What this worker inherited from whoever started it may be open here too: none of that is for a
 * sandbox.
 */
const START = `import os, sys
os.closerange(3, 65536)
del sys.argv[0]
with open(sys.argv[0]) as file:
    source = file.read()
exec(compile(source, sys.argv[0], 'exec'), {'__name__': '__main__'})
`;

const FILES = {
  'start.py': START,
  passwd: `sandbox:x:${SANDBOX_UID}:${SANDBOX_UID}::/tmp:/bin/sh\n`,
  group: `sandbox:x:${SANDBOX_UID}:\n`,
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
};

/** Prepares the folders and finds out what the host allows. */
export async function openProcessParts(options: ProcessDriverOptions): Promise<ProcessParts> {
  requirePrograms(options, pythonOf(options));
  const uid = isRoot() ? SANDBOX_UID : (process.getuid?.() ?? SANDBOX_UID);
  const folders = await openSandboxFolders(options.socketFolder, uid);
  // The sandboxes' user passes through without seeing what is there.
  if (isRoot()) await chmod(folders.root, 0o711);
  requireReachable(folders.root);
  const gates = createEgressGates({
    proxy: options.egress,
    ...(options.secretsOf === undefined ? {} : { secretsOf: options.secretsOf }),
    folderOf: (key) => folders.pathOf(key),
    onRequest: (key, request) => options.onRequest?.(key, request),
  });
  const digest = createHash('sha256').update(folders.root).digest('hex').slice(0, 10);
  const mount = options.cgroupMount ?? '/sys/fs/cgroup';
  const groups = await openControlGroups(mount, `holdfast-process-${digest}`);
  return { options, folders, gates, groups, library: await fillLibrary(folders.root) };
}

/** Copied, since the sandboxes' user may not be able to reach our own folder. */
async function fillLibrary(root: string): Promise<string> {
  const library = join(root, '.lib');
  await mkdir(library, { recursive: true });
  await chmod(library, 0o755);
  await copyFile(fileURLToPath(RUNNER), join(library, 'runner.py'));
  await chmod(join(library, 'runner.py'), 0o644);
  await writeFile(join(library, 'seccomp.bpf'), seccompProgram(process.arch));
  for (const [name, text] of Object.entries(FILES)) {
    await writeFile(join(library, name), text);
    await chmod(join(library, name), 0o644);
  }
  return library;
}
