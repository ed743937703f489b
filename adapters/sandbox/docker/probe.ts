import { randomUUID } from 'node:crypto';
import { DEFAULT_SANDBOX_LIMITS, NO_NETWORK } from '../../../contracts/sandbox.ts';
import { imageNameOf } from './options.ts';
import { readDockerHost } from './docker-host.ts';
import type Docker from 'dockerode';
import type { DriverProbe, Sandbox, SandboxDriver } from '../port.ts';
import { messageOf } from './docker-errors.ts';
import type { DriverParts } from './parts.ts';
import type { DockerHost } from './docker-host.ts';
import type { DockerDriverOptions } from './options.ts';

type ProbedDriver = SandboxDriver & { parts(): Promise<DriverParts> };

const TTL_MS = 60_000;
const DEADLINE_MS = 10_000;
/** What a sandbox must not be able to do, told by itself. */
const SCRIPT = `
grep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status | tr '\\t\\n' '  '
ls /sys/class/net | tr '\\n' ' '
touch /etc/x 2>/dev/null && echo root-writable || echo root-read-only
python3 -c 'import socket; socket.socket(40, 1)' 2>/dev/null && echo vsock-OPEN || echo vsock-closed
`;

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

async function outputOf(sandbox: Sandbox): Promise<string> {
  await using command = await sandbox.exec({
    commandId: 'probe',
    argv: ['sh', '-c', SCRIPT],
    deadlineMs: DEADLINE_MS,
    maxOutputBytes: 10_000,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of command.output) chunks.push(chunk.bytes);
  const result = await command.result;
  return `${Buffer.concat(chunks).toString().trim().replaceAll(/\s+/g, ' ')} (${result.end})`;
}

/** How the runner is reached, and what that means for the network. */
async function describeTransport(parts: DriverParts): Promise<readonly string[]> {
  const { transport, why } = await parts.transport('base');
  const told = `sandboxes are reached by ${transport}: ${why}`;
  if (transport === 'socket') return [told];
  const key = `probe_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  try {
    await parts.ways.open(key);
    return [told, 'allow-lists of hosts work, behind rules of the firewall'];
  } catch (error) {
    return [told, `allow-lists of hosts do NOT work: ${messageOf(error)}`];
  } finally {
    await parts.ways.close(key);
  }
}

async function tryOut(driver: SandboxDriver): Promise<readonly string[]> {
  const id = `probe_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const started = performance.now();
  const sandbox = await driver.create({
    id,
    workspaceId: 'probe',
    runId: null,
    image: 'base',
    limits: DEFAULT_SANDBOX_LIMITS,
    network: NO_NETWORK,
    ttlMs: TTL_MS,
    maxTtlMs: TTL_MS,
  });
  try {
    const startedIn = Math.round(performance.now() - started);
    const seen = await outputOf(sandbox);
    return [`started a sandbox in ${startedIn} ms; inside: ${seen}`];
  } finally {
    await sandbox[Symbol.asyncDispose]();
    await driver.remove(id);
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
    evidence.push(...(await describeTransport(await driver.parts())), ...(await tryOut(driver)));
    return { ok: true, evidence };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, evidence: [...evidence, `does not work: ${why}`, WAYS[level]] };
  }
}
