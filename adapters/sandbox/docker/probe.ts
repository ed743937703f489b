import { imageNameOf } from './options.ts';
import { readDockerHost } from './docker-host.ts';
import type Docker from 'dockerode';
import type { DriverProbe, SandboxDriver } from '../port.ts';
import { probeName, tryOut } from '../try-out.ts';
import { messageOf } from './docker-errors.ts';
import type { DriverParts } from './parts.ts';
import type { DockerHost } from './docker-host.ts';
import type { DockerDriverOptions } from './options.ts';

type ProbedDriver = SandboxDriver & { parts(): Promise<DriverParts> };

const OWN_KERNEL = { reason: 'the sandbox has a kernel of its own' };

const WAYS: Readonly<Record<'docker' | 'gvisor' | 'microvm', string>> = {
  docker: 'Install Docker, start its daemon, and let this user reach its socket (group docker).',
  gvisor:
    'Install gVisor (runsc), register it with "runsc install -- --host-uds=open", restart Docker.',
  microvm:
    'Install Kata Containers on a host with KVM, register the runtime "kata" in /etc/docker/daemon.json, restart Docker.',
};

function describe(host: DockerHost): readonly string[] {
  const has = (name: string): string =>
    host.security.some((entry) => entry.includes(`name=${name}`)) ? 'on' : 'OFF';
  return [
    `Docker ${host.version}, cgroup v${host.cgroup.version} (${host.cgroup.driver}), storage ${host.storage}`,
    `seccomp ${has('seccomp')}, user namespaces ${has('userns')}, AppArmor ${has('apparmor')}, swap ${host.countsSwap ? 'counted' : 'NOT counted: a sandbox could swap'}`,
  ];
}

/** How the runner is reached, and what that means for the network. */
async function describeTransport(parts: DriverParts): Promise<readonly string[]> {
  const { transport, why } = await parts.transport('base');
  const told = `sandboxes are reached by ${transport}: ${why}`;
  if (transport === 'socket') return [told];
  const key = probeName();
  try {
    await parts.ways.open(key);
    return [told, 'allow-lists of hosts work, behind rules of the firewall'];
  } catch (error) {
    return [told, `allow-lists of hosts do NOT work: ${messageOf(error)}`];
  } finally {
    await parts.ways.close(key);
  }
}

/** Really starts a sandbox, asks it what it can do, and removes it. */
export async function probeDriver(
  driver: ProbedDriver,
  options: DockerDriverOptions,
  docker: Docker,
): Promise<DriverProbe> {
  const level = options.runtime?.level ?? 'docker';
  const evidence: string[] = [];
  try {
    const host = await readDockerHost(docker);
    evidence.push(...describe(host));
    const runtime = options.runtime?.name;
    if (runtime !== undefined && !host.runtimes.includes(runtime)) {
      evidence.push(
        `the runtime ${runtime} is not among: ${host.runtimes.join(', ')}`,
        WAYS[level],
      );
      return { ok: false, evidence };
    }
    evidence.push(`image ${imageNameOf(options, 'base')}`);
    const parts = await driver.parts();
    const log = runtime === undefined ? parts.kernelLog : OWN_KERNEL;
    evidence.push(...(await describeTransport(parts)), ...(await tryOut(driver, log)));
    return { ok: true, evidence };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, evidence: [...evidence, `does not work: ${why}`, WAYS[level]] };
  }
}
