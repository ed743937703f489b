import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../contracts/app-error.ts';
import type { SandboxSpec } from '../port.ts';
import { tellingFilter } from '../denials/filter.ts';
import { bwrapArgs } from './bwrap-args.ts';
import { pythonOf, READY_MS, SANDBOX_UID } from './options.ts';
import type { ProcessParts } from './parts.ts';
import { findProcess, isAlive, type ProcessRef } from './process-tree.ts';
import { isReachable, isRoot, SEARCH_PATH } from './requirements.ts';

/** Descriptors that bubblewrap gets besides the standard ones. */
const [STATUS_FD, SECCOMP_FD] = [3, 4];
const STATUS_POLL_MS = 5;
const EXIT_POLL_MS = 20;
const EXIT_LIMIT_MS = 1_000;

/** Goes into its control groups while it may, then becomes bubblewrap. */
const LAUNCHER = `echo 500 2>/dev/null > /proc/self/oom_score_adj
while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done
shift; exec "$@"`;

/** Begins a session of the kernel's audit, in place of the worker's own. */
const OWN_SESSION = `echo ${SANDBOX_UID} 2>/dev/null > /proc/self/loginuid
`;

/** Starts a sandbox that outlives this process; answers with its first process, seen from outside. */
export async function startProcess(parts: ProcessParts, spec: SandboxSpec): Promise<ProcessRef> {
  const { folders, groups, options, kernelLog } = parts;
  const files = stateFiles(parts, spec.id);
  await Promise.all([files.status, files.process].map((file) => rm(file, { force: true })));
  const { join, visible } = await groups.make(spec.id, spec.limits);
  const folder = await folders.open(spec.id);
  const status = await open(files.status, 'wx', 0o600);
  const log = await open(files.log, 'w', 0o600);
  const library = await parts.library();
  const seccomp = await open(`${library}/seccomp.bpf`, 'r');
  const isTold = kernelLog.reason === null;
  try {
    const args = bwrapArgs({
      ...{ folder, library, python: pythonOf(options), node: ownNode() },
      ...{ limits: spec.limits, ttlMs: spec.ttlMs, maxTtlMs: spec.maxTtlMs },
      tellingFilter: isTold ? tellingFilter(process.arch, 'ours') : null,
      ...{ groups: visible, statusFd: STATUS_FD, seccompFd: SECCOMP_FD },
    });
    const command = [...asSandboxUser(), options.bwrap ?? 'bwrap', ...args];
    const child = spawn(
      '/bin/sh',
      ['-c', isTold ? OWN_SESSION + LAUNCHER : LAUNCHER, 'sandbox', ...join, '--', ...command],
      {
        stdio: ['ignore', 'ignore', log.fd, status.fd, seccomp.fd],
        detached: true,
        cwd: '/',
        env: { PATH: SEARCH_PATH },
      },
    );
    child.unref();
    const ended = once(child, 'exit').then(() => true);
    return await firstProcess(files, ended).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
  } finally {
    await Promise.all([status.close(), log.close(), seccomp.close()]);
  }
}

/** Reads how the first process ended; null if nobody saw it. */
export async function readExitCode(parts: ProcessParts, key: string): Promise<number | null> {
  const limit = Date.now() + EXIT_LIMIT_MS;
  for (;;) {
    const text = await readText(stateFiles(parts, key).status);
    const code = /"exit-code": (\d+)/.exec(text)?.[1];
    if (code !== undefined) return Number(code);
    if (Date.now() > limit) return null;
    await sleep(EXIT_POLL_MS);
  }
}

/** The sandbox's first process, if it lives. */
export async function readProcess(parts: ProcessParts, key: string): Promise<ProcessRef | null> {
  const found = await readRecorded(parts, key);
  return found !== null && (await isAlive(found)) ? found : null;
}

/** The first process of the sandbox that was started last, dead or alive; null once it is cleared away. */
export async function readRecorded(parts: ProcessParts, key: string): Promise<ProcessRef | null> {
  const [pid, startedAt] = (await readText(stateFiles(parts, key).process)).split(' ');
  return pid === undefined || startedAt === undefined ? null : { pid: Number(pid), startedAt };
}

/** Where things are kept that the sandbox must not see. */
export function stateFiles(parts: ProcessParts, key: string) {
  const base = `${parts.folders.root}/${key}`;
  return { status: `${base}.status`, log: `${base}.log`, process: `${base}.pid` };
}

/** A sandbox of root would own the host's files, whatever its own namespace calls it. */
function asSandboxUser(): readonly string[] {
  if (!isRoot()) return [];
  return ['setpriv', `--reuid=${SANDBOX_UID}`, `--regid=${SANDBOX_UID}`, '--clear-groups'];
}

/** The host's may be older than what the code of agents is promised. */
function ownNode(): string | null {
  return isReachable(process.execPath) ? process.execPath : null;
}

async function firstProcess(
  files: ReturnType<typeof stateFiles>,
  ended: Promise<boolean>,
): Promise<ProcessRef> {
  for (const limit = Date.now() + READY_MS; Date.now() < limit;) {
    const pid = /"child-pid": (\d+)/.exec(await readText(files.status))?.[1];
    const found = pid === undefined ? null : await findProcess(Number(pid));
    if (found !== null) return found;
    if (await Promise.race([ended, sleep(STATUS_POLL_MS, false)])) break;
  }
  const said = (await readText(files.log)).trim().slice(0, 500);
  throw new AppError(
    'sandbox.unavailable',
    `bubblewrap did not start: ${said || 'no reason given'}`,
  );
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
