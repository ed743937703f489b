import { SANDBOX_UID } from './container-options.ts';
import type { CgroupHost } from './tenant-cgroup.ts';
import type Docker from 'dockerode';

/** What `docker info` says about the host. */
export interface DockerHost {
  /** The daemon's own, which no other has. */
  readonly id: string;
  readonly version: string;
  readonly cgroup: CgroupHost;
  readonly storage: string;
  readonly runtimes: readonly string[];
  readonly security: readonly string[];
  readonly countsSwap: boolean;
  /** The sandboxes' user, as the host sees it. */
  readonly sandboxUid: number;
}

interface Info {
  readonly ID?: string;
  readonly ServerVersion?: string;
  readonly CgroupVersion?: string;
  readonly CgroupDriver?: string;
  readonly Driver?: string;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  readonly SecurityOptions?: readonly string[] | null;
  readonly DockerRootDir?: string;
  readonly SwapLimit?: boolean;
}

/** With user namespaces Docker's folder is named after the user that root inside is outside. */
function remappedBase(info: Info): number {
  const match = /\/(\d+)\.\d+$/.exec(info.DockerRootDir ?? '');
  return match?.[1] === undefined ? 0 : Number(match[1]);
}

/** Asks the daemon what it is and can do. */
export async function readDockerHost(docker: Docker): Promise<DockerHost> {
  // The library leaves this answer without a type.
  const info = (await docker.info()) as Info;
  return {
    id: info.ID ?? 'unknown',
    version: info.ServerVersion ?? 'unknown',
    cgroup: {
      version: info.CgroupVersion === '2' ? '2' : '1',
      driver: info.CgroupDriver ?? 'unknown',
    },
    storage: info.Driver ?? 'unknown',
    runtimes: Object.keys(info.Runtimes ?? {}),
    security: info.SecurityOptions ?? [],
    countsSwap: info.SwapLimit ?? false,
    sandboxUid: remappedBase(info) + SANDBOX_UID,
  };
}
