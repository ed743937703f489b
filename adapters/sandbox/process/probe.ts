import type { DriverProbe, SandboxDriver } from '../port.ts';
import { tryOut } from '../try-out.ts';
import type { ControlGroups } from './control-groups.ts';
import { isRoot } from './requirements.ts';

const HOW =
  'Install bubblewrap, util-linux and /usr/bin/python3; allow user namespaces (on Ubuntu an AppArmor profile for bwrap, in containers a seccomp profile with unshare); let user 1000 pass through the folder of the sandboxes.';

const NOT_ROOT =
  'this worker is not root: a sandbox can fill the disk that its socket folder is on; a tmpfs bounds that';

/** Really starts a sandbox, asks it what it can do, and removes it. */
export async function probeProcessDriver(
  driver: SandboxDriver,
  groups: () => Promise<ControlGroups>,
): Promise<DriverProbe> {
  const evidence: string[] = [];
  try {
    evidence.push((await groups()).evidence, ...(await tryOut(driver)));
    if (!isRoot()) evidence.push(NOT_ROOT);
    evidence.push('the host shares its kernel and its programs in /usr with the sandbox');
    return { ok: true, evidence };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, evidence: [...evidence, `does not work: ${why}`, HOW] };
  }
}
