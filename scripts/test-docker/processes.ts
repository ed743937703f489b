import { readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
const LIMIT_MS = 5_000;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a process runs; one that ended and that nobody waited for does not. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return !/^State:\s+Z/m.test(read(`/proc/${pid}/status`));
}

function allProcesses(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Docker's own processes that name a path in their command. */
export function daemonsWith(path: string): readonly number[] {
  return allProcesses().filter((pid) => {
    const [program = '', ...args] = read(`/proc/${pid}/cmdline`).split('\0');
    const isDocker = /^(dockerd|containerd(-shim.*)?)$/.test(basename(program));
    return isDocker && args.some((arg) => arg.includes(path));
  });
}

/** Kills processes and their children, and waits until they are gone. */
export async function endProcesses(pids: readonly number[]): Promise<void> {
  const parents = new Set(pids);
  const parentOf = (pid: number): number =>
    Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]);
  const children = allProcesses().filter((pid) => parents.has(parentOf(pid)));
  const all = [...parents, ...children];
  for (const pid of all) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
  const deadline = Date.now() + LIMIT_MS;
  while (all.some(isAlive) && Date.now() < deadline) await sleep(POLL_MS);
}
