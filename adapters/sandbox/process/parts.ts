import { createHash } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { createEgressGates, type EgressGates } from '../docker/egress-gates.ts';
import {
  EGRESS_SOCKET,
  openSandboxFolders,
  type SandboxFolders,
} from '../docker/sandbox-folders.ts';
import { openKernelLog, type KernelLog } from '../denials/kernel-log.ts';
import { openControlGroups, type ControlGroups } from './control-groups.ts';
import { fillLibrary } from './library.ts';
import { pythonOf, SANDBOX_UID, type ProcessDriverOptions } from './options.ts';
import { isRoot, requirePrograms, requireReachable } from './requirements.ts';

/** What a driver of this level is made of. */
export interface ProcessParts {
  readonly options: ProcessDriverOptions;
  readonly folders: SandboxFolders;
  readonly gates: EgressGates;
  readonly groups: ControlGroups;
  readonly kernelLog: KernelLog;
  /** Folder of the files that every sandbox sees read-only. */
  library(): Promise<string>;
}

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
    placeOf: async (key) => ({ socketPath: join(folders.pathOf(key), EGRESS_SOCKET) }),
  });
  const digest = createHash('sha256').update(folders.root).digest('hex').slice(0, 10);
  const mount = options.cgroupMount ?? '/sys/fs/cgroup';
  const groups = await openControlGroups(mount, `holdfast-process-${digest}`);
  // Copied, since the sandboxes' user may not be able to reach our own folder.
  const library = () => fillLibrary(folders.root, pythonOf(options));
  await library();
  const kernelLog = await openKernelLog(options.kernel);
  return { options, folders, gates, groups, kernelLog, library };
}
