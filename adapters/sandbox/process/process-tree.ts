import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of the host, which its number alone does not name for ever. */
export interface ProcessRef {
  readonly pid: number;
  /** In ticks since the host started. */
  readonly startedAt: string;
}

const END_POLL_MS = 5;

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly startedAt: string;
}

/** The process of that number now; null if there is none that lives. */
export async function findProcess(pid: number): Promise<ProcessRef | null> {
  const stat = await readStat(pid);
  return stat === null || isOver(stat) ? null : { pid, startedAt: stat.startedAt };
}

/** False once it has ended, also if its number belongs to another one now. */
export async function isAlive({ pid, startedAt }: ProcessRef): Promise<boolean> {
  return (await findProcess(pid))?.startedAt === startedAt;
}

/** Sends a signal unless the process has ended. */
export async function signalProcess(process_: ProcessRef, name: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(process_))) return;
  send(process_.pid, name);
}

/** Stops a first process and all below it, or lets them go on; new ones cannot slip through. */
export async function signalTree(first: ProcessRef, name: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  const seen = new Set<number>();
  for (let found = true; found;) {
    const fresh = (await treeOf(first)).filter((pid) => !seen.has(pid));
    for (const pid of fresh) {
      seen.add(pid);
      send(pid, name);
    }
    found = fresh.length > 0;
  }
}

/** Waits until it has ended; false if it has not after that time. */
export async function waitForEnd(process_: ProcessRef, limitMs: number): Promise<boolean> {
  const limit = Date.now() + limitMs;
  while (await isAlive(process_)) {
    if (Date.now() > limit) return false;
    await sleep(END_POLL_MS);
  }
  return true;
}

/** Whether it stands still by a signal. */
export async function isStopped({ pid }: ProcessRef): Promise<boolean> {
  return (await readStat(pid))?.state === 'T';
}

async function treeOf(first: ProcessRef): Promise<readonly number[]> {
  if (!(await isAlive(first))) return [];
  const numbers = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(numbers.map(async (pid) => ({ pid, stat: await readStat(pid) })));
  const tree = [first.pid];
  for (const parent of tree) {
    tree.push(...stats.filter(({ stat }) => stat?.parent === parent).map(({ pid }) => pid));
  }
  return tree;
}

async function readStat(pid: number): Promise<Stat | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name before it may hold anything, parentheses too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = '', parent = '', startedAt = ''] = [fields[0], fields[1], fields[19]];
    return { state, parent: Number(parent), startedAt };
  } catch {
    return null;
  }
}

function isOver({ state }: Stat): boolean {
  return state === 'Z' || state === 'X';
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
