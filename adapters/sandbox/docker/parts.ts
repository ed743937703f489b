import { createContainers } from './containers.ts';
import { createDeaths } from './deaths.ts';
import { readDockerHost } from './docker-host.ts';
import { createEgressGates } from './egress-gates.ts';
import { openSandboxFolders } from './sandbox-folders.ts';
import { createTenantCgroups } from './tenant-cgroup.ts';
import type { Containers } from './containers.ts';
import type { Deaths } from './deaths.ts';
import type { DockerHost } from './docker-host.ts';
import type { EgressGates } from './egress-gates.ts';
import type { DockerDriverOptions } from './options.ts';
import type { SandboxFolders } from './sandbox-folders.ts';
import type { TenantCgroups } from './tenant-cgroup.ts';
import type Docker from 'dockerode';

/** What a driver is made of, once its daemon has answered. */
export interface DriverParts extends AsyncDisposable {
  readonly options: DockerDriverOptions;
  readonly host: DockerHost;
  readonly containers: Containers;
  readonly folders: SandboxFolders;
  readonly deaths: Deaths;
  readonly gates: EgressGates;
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
  const gates = createEgressGates({
    proxy: options.egress,
    ...(options.secretsOf === undefined ? {} : { secretsOf: options.secretsOf }),
    folderOf: (key) => folders.pathOf(key),
    onRequest: (key, request) => options.onRequest?.(key, request),
  });
  const deaths = createDeaths({
    docker,
    installation,
    folders,
    onDeath: (key, death) => {
      void gates.close(key).catch(() => undefined);
      options.onDeath?.(key, death);
    },
  });
  return {
    options,
    host,
    folders,
    gates,
    deaths,
    containers: createContainers(docker, installation),
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
    },
  };
}
