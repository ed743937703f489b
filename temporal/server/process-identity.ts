import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A process as it is found again later: the kernel reuses process ids, but not together with the
 * moment the process began.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly begun: string;
}

/** The identity of a running process; undefined when there is none with that id. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const begun = process.platform === 'linux' ? begunByProc(pid) : begunByPs(pid);
  return begun === undefined ? undefined : { pid, begun };
}

/** True while that very process runs. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.begun === identity.begun;
}

/** The process's command line; empty when it cannot be read or the process is gone. */
export function commandLineOf(pid: number): string {
  if (process.platform !== 'linux') return ps(pid, 'command=') ?? '';
  return readText(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim() ?? '';
}

function begunByProc(pid: number): string | undefined {
  // The name in brackets may hold blanks and brackets; the fields are counted after it.
  const fields = readText(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  const [state, startTicks] = [fields?.[0], fields?.[19]];
  return state === undefined || state === 'Z' || state === 'X' ? undefined : startTicks;
}

function begunByPs(pid: number): string | undefined {
  return ps(pid, 'lstart=');
}

function ps(pid: number, column: string): string | undefined {
  try {
    const text = execFileSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
