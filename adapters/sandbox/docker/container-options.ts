import { TELL_VARIABLE } from '../denials/filter.ts';
import type { SandboxLimits } from '../../../contracts/sandbox.ts';
import type { SandboxSpec } from '../port.ts';
import type { SandboxTransport } from './sandbox-folders.ts';
import type Docker from 'dockerode';

/** User and group that everything in a sandbox runs as. */
export const SANDBOX_UID = 1000;

/** Where the sandbox's folder on the host appears inside. */
export const INSIDE_FOLDER = '/run/holdfast';

/** Set on every container of ours. */
export const LABEL = 'dev.holdfast';

const PREFIX = 'holdfast-';
const MIB = 1024 * 1024;
/** Share of the memory that `/tmp` and `/dev/shm` may each take. */
const SCRATCH_SHARE = 8;
const MIN_SCRATCH_MB = 16;
/** Sandboxes go before anything else of the host when memory runs out. */
const OOM_SCORE_ADJ = 500;

const DNS_OPTIONS = ['timeout:1', 'attempts:1'];

/** What else a container needs to be described. */
export interface ContainerPlan {
  readonly spec: SandboxSpec;
  readonly imageName: string;
  readonly transport: SandboxTransport;
  readonly folder: string;
  /** Arguments of the image's entry point, the runner. */
  readonly runnerArgs: readonly string[];
  readonly installation: string;
  readonly expiresAt: string;
  readonly cgroupParent: string | undefined;
  readonly runtime: string | undefined;
  /** For the runner; null: nobody reads what the kernel says of the sandbox. */
  readonly tellingFilter: string | null;
  /** Name of the only network that it is on; none at all if undefined. */
  readonly network: string | undefined;
}

/** Name of a sandbox's container. */
export function containerName(id: string): string {
  return PREFIX + id;
}

/** Size of `/tmp` and of `/dev/shm`, which count as memory. */
export function scratchMb(limits: SandboxLimits): number {
  return Math.max(MIN_SCRATCH_MB, Math.floor(limits.memoryMb / SCRATCH_SHARE));
}

/** The limits as Docker takes them, at creation and later. */
function resources(limits: SandboxLimits): Docker.HostConfig {
  return {
    Memory: limits.memoryMb * MIB,
    MemorySwap: limits.memoryMb * MIB,
    NanoCpus: Math.round(limits.cpus * 1e9),
    PidsLimit: limits.pids,
  };
}

/**
 * A scratch file system allows programs to run: compilers and installers need it, and forbidding it
 * would protect nothing while `/workspace` allows it.
 */
function tmpfs(limits: SandboxLimits): Record<string, string> {
  const owner = `uid=${SANDBOX_UID},gid=${SANDBOX_UID}`;
  const scratch = `rw,nosuid,nodev,size=${scratchMb(limits)}m,${owner},mode=0700`;
  return {
    '/tmp': `${scratch},exec`,
    '/dev/shm': `${scratch},noexec`,
    '/workspace': `rw,nosuid,nodev,exec,size=${limits.diskMb}m,${owner},mode=0700`,
  };
}

function labels(plan: ContainerPlan): Record<string, string> {
  const { spec } = plan;
  return {
    [LABEL]: '1',
    [`${LABEL}.id`]: spec.id,
    [`${LABEL}.workspace`]: spec.workspaceId,
    [`${LABEL}.run`]: spec.runId ?? '',
    [`${LABEL}.image`]: spec.image,
    [`${LABEL}.expires`]: plan.expiresAt,
    [`${LABEL}.installation`]: plan.installation,
  };
}

/** The meeting place, which is all that a sandbox shares with its host. */
function meeting({ transport, folder, network }: ContainerPlan): {
  readonly config: Docker.ContainerCreateOptions;
  readonly host: Docker.HostConfig;
} {
  if (transport === 'socket') {
    return {
      config: { NetworkDisabled: true },
      host: { NetworkMode: 'none', Binds: [`${folder}:${INSIDE_FOLDER}:rw`] },
    };
  }
  return {
    // Clients come and go; the input stays open.
    config: { OpenStdin: true, StdinOnce: false, Tty: false },
    // Docker's own resolver asks whom it is told to: nobody. Who waits for it waits in vain.
    host: { NetworkMode: network ?? 'none', Dns: ['127.0.0.1'], DnsOptions: DNS_OPTIONS },
  };
}

/** Describes a sandbox's container: one way to the host, no other network, no rights, hard limits. */
export function containerOptions(plan: ContainerPlan): Docker.ContainerCreateOptions {
  const { spec, cgroupParent, runtime, tellingFilter } = plan;
  const { config, host } = meeting(plan);
  const fileBytes = (spec.limits.diskMb + scratchMb(spec.limits)) * MIB;
  return {
    name: containerName(spec.id),
    Image: plan.imageName,
    Cmd: [...plan.runnerArgs],
    ...(tellingFilter === null ? {} : { Env: [`${TELL_VARIABLE}=${tellingFilter}`] }),
    User: `${SANDBOX_UID}:${SANDBOX_UID}`,
    Hostname: 'sandbox',
    WorkingDir: '/workspace',
    Labels: labels(plan),
    StopSignal: 'SIGKILL',
    ...config,
    HostConfig: {
      ...host,
      ...resources(spec.limits),
      AutoRemove: true,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      IpcMode: 'none',
      // The runner is the first process and reaps what the commands leave.
      Init: false,
      LogConfig: { Type: 'none', Config: {} },
      OomScoreAdj: OOM_SCORE_ADJ,
      Ulimits: [
        { Name: 'nofile', Soft: 1024, Hard: 4096 },
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'fsize', Soft: fileBytes, Hard: fileBytes },
      ],
      Tmpfs: tmpfs(spec.limits),
      ...(cgroupParent === undefined ? {} : { CgroupParent: cgroupParent }),
      ...(runtime === undefined ? {} : { Runtime: runtime }),
    },
  };
}
