import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxLimits } from '../../../contracts/sandbox.ts';

/** Counts and limits each sandbox's processes together, where the host lets us. */
export interface ControlGroups {
  /** What holds and what does not, for the probe. */
  readonly evidence: string;
  readonly holds: boolean;
  /** Makes a sandbox's groups with their limits. */
  make(key: string, limits: SandboxLimits): Promise<Membership>;
  /** True if it froze them, or let them go on; false if the host cannot. */
  freeze(key: string, frozen: boolean): Promise<boolean>;
  isFrozen(key: string): Promise<boolean>;
  oomKills(key: string): Promise<number>;
  /** Removes groups whose processes have ended. */
  remove(key: string): Promise<void>;
  /** Removes what is above them, if no sandbox is left. */
  close(): Promise<void>;
}

/** How a process gets into the groups, and what the runner reads of them. */
export interface Membership {
  /** Files that the process writes its number to before it gives up its rights. */
  readonly join: readonly string[];
  readonly visible: readonly { readonly host: string; readonly inside: string }[];
}

const MIB = 1024 * 1024;
const PERIOD_US = 100_000;
const FREEZE_TRIES = 50;
const FREEZE_READS = 10;
const INSIDE = '/sys/fs/cgroup';
const V1 = ['memory', 'pids', 'cpu', 'cpuacct', 'freezer'] as const;

const NONE: ControlGroups = {
  evidence:
    'no control groups may be made: memory and CPU hold per process, not together; pause stops processes by signals',
  holds: false,
  make: async () => ({ join: [], visible: [] }),
  freeze: async () => false,
  isFrozen: async () => false,
  oomKills: async () => 0,
  remove: async () => undefined,
  close: async () => undefined,
};

/** Looks for what the host allows, by trying. */
export async function openControlGroups(mount: string, name: string): Promise<ControlGroups> {
  const unified = existsSync(join(mount, 'cgroup.controllers'));
  const groups = unified ? unifiedGroups(mount, name) : separateGroups(mount, name);
  try {
    const limits = { memoryMb: 64, cpus: 1, pids: 8, diskMb: 1 };
    await groups.make('probe', limits);
    await groups.remove('probe');
    return groups;
  } catch {
    return NONE;
  }
}

function separateGroups(mount: string, name: string): ControlGroups {
  const at = (controller: string, key: string) => join(mount, controller, name, key);
  const settings = ({ memoryMb, pids, cpus }: SandboxLimits) => [
    { controller: 'memory', file: 'memory.limit_in_bytes', value: memoryMb * MIB },
    { controller: 'memory', file: 'memory.memsw.limit_in_bytes', value: memoryMb * MIB, may: true },
    { controller: 'pids', file: 'pids.max', value: pids },
    { controller: 'cpu', file: 'cpu.cfs_quota_us', value: Math.round(cpus * PERIOD_US) },
  ];
  return {
    evidence: 'control groups (v1): memory, processes and CPU hold for the sandbox as a whole',
    holds: true,
    make: async (key, limits) => {
      for (const controller of V1) await makeGroup(join(mount, controller), at(controller, key));
      for (const { controller, file, value, may } of settings(limits)) {
        const writing = writeFile(join(at(controller, key), file), String(value));
        await (may === true ? writing.catch(() => undefined) : writing);
      }
      const visible = ['memory', 'pids', 'cpuacct'].map((controller) => ({
        host: at(controller, key),
        inside: join(INSIDE, controller),
      }));
      return { join: V1.map((controller) => join(at(controller, key), 'cgroup.procs')), visible };
    },
    freeze: async (key, frozen) => {
      const file = join(at('freezer', key), 'freezer.state');
      if (frozen) return await freezeBySeparateGroup(file);
      await writeFile(file, 'THAWED');
      return true;
    },
    isFrozen: async (key) => {
      const state = await read(join(at('freezer', key), 'freezer.state'));
      return state.startsWith('FR');
    },
    oomKills: async (key) => counter(await read(join(at('memory', key), 'memory.oom_control'))),
    remove: async (key) => {
      for (const controller of V1) await removeGroup(at(controller, key));
    },
    close: async () => {
      for (const controller of V1)
        await rmdir(join(mount, controller, name)).catch(() => undefined);
    },
  };
}

/**
 * A process that waits for its child of a vfork to begin cannot be frozen, and the frozen child never
 * begins: the group is let go and frozen again, until nobody in it is at that point.
 */
async function freezeBySeparateGroup(file: string): Promise<boolean> {
  for (let tries = 0; tries < FREEZE_TRIES; tries += 1) {
    await writeFile(file, 'FROZEN');
    for (let reads = 0; reads < FREEZE_READS; reads += 1) {
      if ((await read(file)).trim() === 'FROZEN') return true;
      await sleep(2);
    }
    await writeFile(file, 'THAWED');
    await sleep(tries % 7);
  }
  return false;
}

function unifiedGroups(mount: string, name: string): ControlGroups {
  const at = (key: string) => join(mount, name, key);
  return {
    evidence: 'control groups (v2): memory, processes and CPU hold for the sandbox as a whole',
    holds: true,
    make: async (key, { memoryMb, pids, cpus }) => {
      await mkdir(join(mount, name), { recursive: true });
      for (const parent of [mount, join(mount, name)]) {
        await writeFile(join(parent, 'cgroup.subtree_control'), '+memory +pids +cpu');
      }
      await mkdir(at(key), { recursive: true });
      const cpu = `${Math.round(cpus * PERIOD_US)} ${PERIOD_US}`;
      await writeFile(join(at(key), 'memory.max'), String(memoryMb * MIB));
      await writeFile(join(at(key), 'memory.swap.max'), '0').catch(() => undefined);
      await writeFile(join(at(key), 'pids.max'), String(pids));
      await writeFile(join(at(key), 'cpu.max'), cpu);
      const visible = [{ host: at(key), inside: INSIDE }];
      return { join: [join(at(key), 'cgroup.procs')], visible };
    },
    freeze: async (key, frozen) => {
      await writeFile(join(at(key), 'cgroup.freeze'), frozen ? '1' : '0');
      return true;
    },
    isFrozen: async (key) => (await read(join(at(key), 'cgroup.freeze'))).startsWith('1'),
    oomKills: async (key) => counter(await read(join(at(key), 'memory.events'))),
    remove: async (key) => removeGroup(at(key)),
    close: async () => rmdir(join(mount, name)).catch(() => undefined),
  };
}

/** A mount that is no control group would take folders too, and limit nothing. */
async function makeGroup(controller: string, group: string): Promise<void> {
  if (!existsSync(join(controller, 'cgroup.procs'))) throw new Error(`no group at ${controller}`);
  await mkdir(group, { recursive: true });
}

async function removeGroup(group: string): Promise<void> {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      await rmdir(group);
      return;
    } catch {
      if (!existsSync(group)) return;
      // The last process takes a moment to leave.
      await sleep(10);
    }
  }
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

function counter(text: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0);
}
