import type { DriverProbe, SandboxDriver } from '../port.ts';
import { tryOut } from '../try-out.ts';
import type { ProcessParts } from './parts.ts';
import { isRoot } from './requirements.ts';

const HOW =
  'Install bubblewrap, util-linux and /usr/bin/python3; allow user namespaces (on Ubuntu an AppArmor profile for bwrap, in containers a seccomp profile with unshare); let user 1000 pass through the folder of the sandboxes.';

const NOT_ROOT =
  'this worker is not root: a sandbox can fill the disk that its socket folder is on; a tmpfs bounds that';

/** Really starts a sandbox, asks it what it can do, and removes it. */
export async function probeProcessDriver(
  driver: SandboxDriver,
  parts: () => Promise<Pick<ProcessParts, 'groups' | 'kernelLog'>>,
): Promise<DriverProbe> {
  const evidence: string[] = [];
  try {
    const { groups, kernelLog } = await parts();
    evidence.push(groups.evidence, ...(await tryOut(driver, kernelLog)));
    if (!isRoot()) evidence.push(NOT_ROOT);
    evidence.push('the host shares its kernel and its programs in /usr with the sandbox');
    return { ok: true, evidence };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, evidence: [...evidence, `does not work: ${why}`, HOW] };
  }
}
