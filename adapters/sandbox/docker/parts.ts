import path from 'node:path';
import { createContainers } from './containers.ts';
import { createDeaths } from './deaths.ts';
import { HOST_FIREWALL } from './bridge-guard.ts';
import { createEgressWays } from './egress-ways.ts';
import { createTransportChoice } from './transport.ts';
import { readDockerHost } from './docker-host.ts';
import { createEgressGates } from './egress-gates.ts';
import { openKernelLog, type KernelLog } from '../denials/kernel-log.ts';
import { EGRESS_SOCKET, openSandboxFolders } from './sandbox-folders.ts';
import { UnderWay } from './under-way.ts';
import { createTenantCgroups } from './tenant-cgroup.ts';
import type { Containers } from './containers.ts';
import type { Deaths } from './deaths.ts';
import type { ChosenTransport } from './transport.ts';
import type { EgressWays } from './egress-ways.ts';
import type { SandboxImage } from '../../../contracts/sandbox.ts';
import type { DockerHost } from './docker-host.ts';
import type { EgressGates } from './egress-gates.ts';
import type { DockerDriverOptions } from './options.ts';
import type { SandboxFolders } from './sandbox-folders.ts';
import type { TenantCgroups } from './tenant-cgroup.ts';
import type Docker from 'dockerode';

/** What a driver is made of, once its daemon has answered. */
export interface DriverParts extends AsyncDisposable {
  readonly docker: Docker;
  readonly options: DockerDriverOptions;
  /** How the runners of new sandboxes are reached. */
  readonly transport: (image: SandboxImage) => Promise<ChosenTransport>;
  readonly ways: EgressWays;
  readonly host: DockerHost;
  readonly containers: Containers;
  readonly folders: SandboxFolders;
  readonly deaths: Deaths;
  readonly kernelLog: KernelLog;
  readonly gates: EgressGates;
  readonly underWay: UnderWay;
  /** Undefined without ceilings. */
  readonly cgroups: TenantCgroups | undefined;
}

const CGROUP_NAME = 'holdfast';

/** Asks the daemon what it is and builds a driver's parts; fails while it cannot be reached. */
export async function openDriverParts(
  options: DockerDriverOptions,
  docker: Docker,
): Promise<DriverParts> {
  const host = await readDockerHost(docker);
  const { installation, ceilings, warn } = options;
  const folders = await openSandboxFolders(options.socketFolder, host.sandboxUid);
  const containers = createContainers(docker, installation);
  const ways = createEgressWays(docker, {
    installation,
    firewall: options.firewall ?? HOST_FIREWALL,
  });
  const isAttached = async (key: string): Promise<boolean> =>
    (await folders.read(key))?.transport === 'attach';
  const gates = createEgressGates({
    proxy: options.egress,
    ...(options.secretsOf === undefined ? {} : { secretsOf: options.secretsOf }),
    placeOf: async (key) =>
      (await isAttached(key))
        ? { address: await ways.join(key) }
        : { socketPath: path.join(folders.pathOf(key), EGRESS_SOCKET) },
  });
  const kernelLog = await openKernelLog();
  const deaths = createDeaths({
    docker,
    installation,
    folders,
    onDeath: (key) => void gates.close(key).catch(() => undefined),
  });
  return {
    docker,
    options,
    ways,
    transport: createTransportChoice({ docker, options, host, containers, folders }),
    host,
    folders,
    gates,
    deaths,
    kernelLog,
    underWay: new UnderWay(),
    containers,
    cgroups:
      ceilings === undefined
        ? undefined
        : createTenantCgroups({
            host: host.cgroup,
            name: `${CGROUP_NAME}-${installation}`,
            ceilings,
            warn,
          }),
    [Symbol.asyncDispose]: async () => {
      await deaths[Symbol.asyncDispose]();
      await gates[Symbol.asyncDispose]();
      await kernelLog[Symbol.asyncDispose]();
    },
  };
}
