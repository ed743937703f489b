import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** A part of the machine's work: the process trees below these, or some processes of one tree. */
export interface CpuGroup {
  readonly name: string;
  readonly root: number;
  /** Which processes of the tree, by their command line; all by default. */
  readonly picks?: (command: string) => boolean;
  /** The root alone, without those below it. */
  readonly alone?: boolean;
}

/** CPU milliseconds by group since its processes began; ended children are counted once reaped. */
export type CpuReading = ReadonlyMap<string, number>;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

const MS_PER_TICK = 1000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** What each process was when it was last read: what it used stays its group's when it has ended. */
const seen = new Map<number, { readonly group: string; readonly root: number; ticks: number }>();

/** Reads the groups. Of groups on one tree the first that picks a process has it. */
export function readCpu(groups: readonly CpuGroup[]): CpuReading {
  const stats = readStats();
  const sums = new Map(groups.map(({ name }) => [name, 0]));
  const add = (name: string, ticks: number): void => {
    sums.set(name, (sums.get(name) ?? 0) + ticks * MS_PER_TICK);
  };
  for (const root of new Set(groups.map((group) => group.root))) {
    const candidates = groups.filter((group) => group.root === root);
    const isAlone = candidates.some(({ alone }) => alone === true);
    const members = isAlone ? stats.filter(({ pid }) => pid === root) : treeOf(root, stats);
    const living = new Set(members.map(({ pid }) => pid));
    for (const { pid, ticks } of members) {
      const group = groupOf(candidates, pid);
      if (group === undefined) continue;
      add(group, ticks);
      if (pid !== root) seen.set(pid, { group, root, ticks });
    }
    for (const [pid, last] of seen) {
      if (last.root !== root || living.has(pid)) continue;
      // The root has reaped it, and with it what it used.
      add(last.group, last.ticks);
      add(groupOf(candidates, root) ?? '', -last.ticks);
    }
  }
  return sums;
}

function groupOf(candidates: readonly CpuGroup[], pid: number): string | undefined {
  const title = candidates.length === 1 ? '' : commandLine(pid);
  return candidates.find(({ picks }) => picks?.(title) ?? true)?.name;
}

/** What was used between two readings. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuReading {
  return new Map([...after].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)]));
}

/** CPU milliseconds of a process's threads by thread name. */
export function readThreadCpu(pid: number): CpuReading {
  const sums = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = parseStat(`/proc/${pid}/task/${thread}/stat`, false);
    if (stat === undefined) continue;
    const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
    sums.set(name, (sums.get(name) ?? 0) + stat.ticks * MS_PER_TICK);
  }
  return sums;
}

function readStats(): readonly Stat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => parseStat(`/proc/${name}/stat`, true) ?? []);
}

function parseStat(file: string, withReaped: boolean): Stat | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    // The name in brackets may hold blanks and brackets; the fields are counted behind it.
    const fields = text
      .slice(text.lastIndexOf(') ') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
    const ticks = utime + stime + (withReaped ? cutime + cstime : 0);
    return { pid: Number.parseInt(text, 10), parent, ticks };
  } catch {
    return undefined;
  }
}

function treeOf(root: number, stats: readonly Stat[]): readonly Stat[] {
  const members = new Set([root]);
  for (let size = 0; size !== members.size;) {
    size = members.size;
    for (const { pid, parent } of stats) if (members.has(parent)) members.add(pid);
  }
  return stats.filter(({ pid }) => members.has(pid));
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
