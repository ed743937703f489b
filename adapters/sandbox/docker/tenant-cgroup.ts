import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What all sandboxes of one workspace on this machine may use together. */
export interface TenantCeilings {
  readonly sandboxes: number;
  readonly memoryMb: number;
  readonly cpus: number;
  readonly pids: number;
}

/** How the host groups processes, from `docker info`. */
export interface CgroupHost {
  readonly version: '1' | '2';
  readonly driver: string;
  /** Where the host's cgroup file systems are. */
  readonly mount?: string;
}

/** Control groups above the containers', one for each workspace. */
export interface TenantCgroups {
  /** The parent for a workspace's containers; undefined where the host gives us none. */
  parentOf(workspaceId: string): Promise<string | undefined>;
  /** Removes the parents of workspaces that are not among those, and their own; busy ones stay. */
  removeIdle(keep: ReadonlySet<string>): Promise<number>;
}

const MIB = 1024 * 1024;
const CPU_PERIOD_US = 100_000;
const CONTROLLERS = ['memory', 'pids', 'cpu'] as const;
const MOUNT = '/sys/fs/cgroup';

interface Setting {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** A kernel may lack it. */
  readonly optional?: boolean;
}

function settingsV1(limits: TenantCeilings): readonly Setting[] {
  const memory = String(limits.memoryMb * MIB);
  const quota = String(Math.round(limits.cpus * CPU_PERIOD_US));
  return [
    // Kernels before 5.11 count children only when told to.
    { controller: 'memory', file: 'memory.use_hierarchy', value: '1', optional: true },
    { controller: 'memory', file: 'memory.limit_in_bytes', value: memory },
    { controller: 'memory', file: 'memory.memsw.limit_in_bytes', value: memory, optional: true },
    { controller: 'pids', file: 'pids.max', value: String(limits.pids) },
    { controller: 'cpu', file: 'cpu.cfs_quota_us', value: quota },
  ];
}

function settingsV2(limits: TenantCeilings): readonly Setting[] {
  const quota = Math.round(limits.cpus * CPU_PERIOD_US);
  return [
    { controller: '', file: 'memory.max', value: String(limits.memoryMb * MIB) },
    { controller: '', file: 'memory.swap.max', value: '0', optional: true },
    { controller: '', file: 'pids.max', value: String(limits.pids) },
    { controller: '', file: 'cpu.max', value: `${quota} ${CPU_PERIOD_US}` },
  ];
}

async function put(folder: string, setting: Setting): Promise<void> {
  try {
    await writeFile(path.join(folder, setting.file), setting.value);
  } catch (error) {
    if (setting.optional !== true) throw error;
  }
}

/** Every group on the way hands its controllers down, or the last one could not limit anything. */
async function delegate(mount: string, group: string): Promise<void> {
  const steps = group.split('/').filter((step) => step !== '');
  for (let depth = 0; depth < steps.length; depth++) {
    const folder = path.join(mount, ...steps.slice(0, depth));
    const wanted = CONTROLLERS.map((name) => `+${name}`).join(' ');
    await writeFile(path.join(folder, 'cgroup.subtree_control'), wanted);
    await mkdir(path.join(folder, steps[depth] ?? ''), { recursive: true });
  }
}

async function makeGroup(
  host: Required<CgroupHost>,
  group: string,
  ceilings: TenantCeilings,
): Promise<void> {
  if (host.version === '2') await delegate(host.mount, group);
  const settings = host.version === '2' ? settingsV2(ceilings) : settingsV1(ceilings);
  for (const setting of settings) {
    const folder = path.join(host.mount, setting.controller, group);
    await mkdir(folder, { recursive: true });
    await put(folder, setting);
  }
}

/**
 * Workspaces' control groups below `name`. Where they cannot be made, `warn` hears of it once, and
 * ceilings hold only as sums that are checked before a sandbox is made.
 */
export function createTenantCgroups(options: {
  readonly host: CgroupHost;
  readonly name: string;
  readonly ceilings: TenantCeilings;
  readonly warn: (sentence: string) => void;
}): TenantCgroups {
  const { host, ceilings } = options;
  const mount = host.mount ?? MOUNT;
  let usable = host.driver === 'cgroupfs';
  if (!usable) {
    options.warn(
      `Docker's cgroup driver is ${host.driver}: workspaces get no control group of their own; cgroupfs would allow it.`,
    );
  }
  return {
    parentOf: async (workspaceId) => {
      if (!usable) return undefined;
      const group = `/${options.name}/${workspaceId}`;
      const make = () => makeGroup({ ...host, mount }, group, ceilings);
      try {
        // Each time, since a reaper may have removed it; twice, since one may do so in between.
        await make().catch(make);
        return group;
      } catch (error) {
        usable = false;
        const why = error instanceof Error ? error.message : String(error);
        options.warn(`Control groups of workspaces cannot be made: ${why}`);
        return undefined;
      }
    },
    removeIdle: async (keep) => {
      if (host.driver !== 'cgroupfs') return 0;
      let removed = 0;
      for (const hierarchy of host.version === '2' ? ['.'] : await readdir(mount)) {
        // Docker makes the parent in every hierarchy, also where we set no limit.
        const parent = path.join(mount, hierarchy, options.name);
        const entries = await readdir(parent, { withFileTypes: true }).catch(() => []);
        for (const entry of entries) {
          if (!entry.isDirectory() || keep.has(entry.name)) continue;
          // The kernel refuses while something is inside.
          const gone = await rmdir(path.join(parent, entry.name)).then(
            () => true,
            () => false,
          );
          if (gone) removed += 1;
        }
        if (keep.size === 0) await rmdir(parent).catch(() => undefined);
      }
      return removed;
    },
  };
}
