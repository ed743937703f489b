import { lstatSync, readlinkSync } from 'node:fs';
import type { SandboxLimits } from '../../../contracts/sandbox.ts';
import { TELL_VARIABLE } from '../denials/filter.ts';
import { PROXY_PORT, SANDBOX_UID } from './options.ts';

/** What a sandbox is started with. */
export interface BwrapPlan {
  /** Of the host; the sandbox sees it as `/run/holdfast`. */
  readonly folder: string;
  /** Holds `start.py`, `runner.py`, `runner.pyc`, `passwd`, `group` and `hosts`. */
  readonly library: string;
  readonly python: string;
  /** Of the host, for `node` inside; null: what is in `/usr`, if anything. */
  readonly node: string | null;
  readonly limits: SandboxLimits;
  readonly ttlMs: number;
  readonly maxTtlMs: number;
  /** Files of control groups that the runner reads: where they are, and where it looks for them. */
  readonly groups: readonly { readonly host: string; readonly inside: string }[];
  /** For the runner; null: the kernel's log cannot be read. */
  readonly tellingFilter: string | null;
  readonly statusFd: number;
  readonly seccompFd: number;
}

const MIB = 1024 * 1024;
const INSIDE_FOLDER = '/run/holdfast';
const LIBRARY = '/opt/holdfast';

const PROGRAMS = ['start.py', 'runner.py'] as const;
const COMPILED = 'runner.pyc';

/** Files of the host that programs need; nothing of `/etc` that could hold a secret. */
const HOST_FILES = [
  ...['/etc/ssl/certs', '/etc/ssl/openssl.cnf', '/etc/alternatives', '/etc/ld.so.cache'],
  ...['/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/localtime', '/etc/mime.types'],
];

/** Size of `/tmp` and of `/dev/shm`, which are memory. */
export function scratchMb(limits: SandboxLimits): number {
  return Math.max(16, Math.floor(limits.memoryMb / 8));
}

/** Arguments of bubblewrap up to and including the command that runs inside. */
export function bwrapArgs(plan: BwrapPlan): readonly string[] {
  const uid = String(SANDBOX_UID);
  return [
    ...['--unshare-all', '--unshare-user', '--uid', uid, '--gid', uid, '--hostname', 'sandbox'],
    ...['--cap-drop', 'ALL', '--new-session', '--as-pid-1', '--clearenv'],
    ...['--seccomp', String(plan.seccompFd), '--json-status-fd', String(plan.statusFd)],
    ...mounts(plan),
    ...environment(plan),
    ...['--chdir', '/workspace', '--', 'prlimit', ...resourceLimits(plan), '--'],
    ...[plan.python, '-I', ...PROGRAMS.map((name) => `${LIBRARY}/${name}`), ...runnerArgs(plan)],
  ];
}

function mounts(plan: BwrapPlan): readonly string[] {
  const { limits, folder, library, node } = plan;
  const scratch = String(scratchMb(limits) * MIB);
  const etc = ['passwd', 'group', 'hosts'];
  return [
    ...['--ro-bind', '/usr', '/usr', ...['/bin', '/sbin', '/lib', '/lib64'].flatMap(topFolder)],
    ...HOST_FILES.flatMap((path) => ['--ro-bind-try', path, path]),
    ...etc.flatMap((name) => ['--ro-bind', `${library}/${name}`, `/etc/${name}`]),
    ...[...PROGRAMS, COMPILED].flatMap((name) => [
      '--ro-bind',
      `${library}/${name}`,
      `${LIBRARY}/${name}`,
    ]),
    ...(node === null ? [] : ['--ro-bind', node, `${LIBRARY}/bin/node`]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--perms', '0700', '--size', scratch, '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ...['--perms', '0700', '--size', scratch, '--tmpfs', '/tmp'],
    ...['--perms', '0700', '--size', String(limits.diskMb * MIB), '--tmpfs', '/workspace'],
    ...['--bind', folder, INSIDE_FOLDER],
    ...plan.groups.flatMap(({ host, inside }) => ['--ro-bind', host, inside]),
    ...['--remount-ro', '/'],
  ];
}

function topFolder(path: string): readonly string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return [];
  return found.isSymbolicLink()
    ? ['--symlink', readlinkSync(path), path]
    : ['--ro-bind', path, path];
}

function environment({ tellingFilter }: BwrapPlan): readonly string[] {
  const PATH = `${LIBRARY}/bin:/usr/local/bin:/usr/bin:/bin`;
  const variables = { PATH, HOME: '/tmp', LANG: 'C.UTF-8' };
  return Object.entries({
    ...variables,
    PYTHONDONTWRITEBYTECODE: '1',
    ...(tellingFilter === null ? {} : { [TELL_VARIABLE]: tellingFilter }),
  }).flatMap(([name, value]) => ['--setenv', name, value]);
}

function resourceLimits({ limits, groups }: BwrapPlan): readonly string[] {
  const fileBytes = (limits.diskMb + scratchMb(limits)) * MIB;
  return [
    ...['--nofile=1024:4096', '--core=0', `--fsize=${fileBytes}`],
    // Better than nothing where no control group counts them together: memory is of each process,
    // and older kernels count all sandboxes' processes as one user's.
    ...(groups.length === 0 ? [`--nproc=${limits.pids}`, `--data=${limits.memoryMb * MIB}`] : []),
  ];
}

function runnerArgs({ ttlMs, maxTtlMs }: BwrapPlan): readonly string[] {
  return [
    ...['--socket', `${INSIDE_FOLDER}/runner.sock`, '--workspace', '/workspace'],
    ...['--ttl-ms', String(ttlMs), '--max-ttl-ms', String(maxTtlMs)],
    ...['--egress', `${INSIDE_FOLDER}/egress.sock`, '--proxy-port', String(PROXY_PORT)],
    '--refuse-inside',
  ];
}
