import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { answers, candidateSockets, findSocket } from './sandbox-images/docker-connection.ts';

const execute = promisify(execFile);
const INSTALL_MS = 5 * 60_000;
const START_MS = 60_000;
const STOP_MS = 20_000;
const POLL_MS = 200;
const DAEMON = 'dockerd';
const BRIDGE = 'holdfast0';
/** Of a range that documentation and tests have to themselves. */
const BRIDGE_ADDRESS = '198.18.213.1/24';

/** A daemon that can be used, or why there is none. */
export type DockerAnswer =
  | {
      readonly kind: 'usable';
      readonly socketPath: string;
      /** Process of a daemon started here, null for one that was running already. */
      readonly pid: number | null;
    }
  | { readonly kind: 'unusable'; readonly reason: string };

/** How to look for a daemon. */
export interface EnsureDockerOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Where a daemon started here keeps its images, for the next time. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

function unusable(reason: string): DockerAnswer {
  return { kind: 'unusable', reason };
}

async function works(command: string, ...args: readonly string[]): Promise<boolean> {
  return execute(command, [...args]).then(
    () => true,
    () => false,
  );
}

/** Debian's package without its recommendations starts no daemon of the system's own by itself. */
async function installDocker(say: (line: string) => void): Promise<string | undefined> {
  if (!(await works('apt-get', '--version'))) return 'no apt to install Docker with';
  say('installing Docker with apt; this takes a minute');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const options = { timeout: INSTALL_MS, maxBuffer: 64 * 1024 * 1024, env };
  const names = ['docker.io', 'iproute2', 'cgroupfs-mount'];
  try {
    await execute('apt-get', ['update', '-q'], options);
    await execute('apt-get', ['install', '-qy', '--no-install-recommends', ...names], options);
    return undefined;
  } catch (error) {
    const output = error instanceof Error ? error.message.trim().split('\n').at(-1) : '';
    return `apt could not install docker.io (${output ?? ''})`;
  }
}

/** A container or a small machine often has no control groups mounted, which a daemon needs. */
async function mountControlGroups(): Promise<void> {
  const entries = await readdir('/sys/fs/cgroup').catch(() => []);
  if (entries.length === 0) await works('cgroupfs-mount');
}

/**
 * A second daemon without a bridge deletes the first one's, hence one of its own where another
 * daemon's is there. Rules of the machine's firewall stay as they are.
 */
async function networkArguments(): Promise<readonly string[]> {
  const rules = ['--iptables=false', '--ip-masq=false', '--ip-forward=false'];
  if (!existsSync('/sys/class/net/docker0')) return ['--bridge', 'none', ...rules];
  if (!existsSync(`/sys/class/net/${BRIDGE}`)) {
    await execute('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
    await execute('ip', ['addr', 'add', BRIDGE_ADDRESS, 'dev', BRIDGE]);
    await execute('ip', ['link', 'set', BRIDGE, 'up']);
  }
  return ['--bridge', BRIDGE, ...rules];
}

async function startDaemon(options: EnsureDockerOptions): Promise<DockerAnswer> {
  const { folder, say } = options;
  await mkdir(folder, { recursive: true });
  await mountControlGroups();
  // Sockets below it have short paths, as they must.
  const state = await mkdtemp(join(tmpdir(), 'holdfast-dockerd-'));
  const socketPath = join(state, 'docker.sock');
  const logFile = join(folder, 'dockerd.log');
  // Settings of the machine's own daemon do not count here.
  const configFile = join(state, 'config.json');
  await writeFile(configFile, '{}');
  const network = await networkArguments();
  say('starting a Docker daemon of our own');
  const log = openSync(logFile, 'w');
  const args = [
    ...['--host', `unix://${socketPath}`, '--data-root', join(folder, 'data')],
    ...['--exec-root', join(state, 'exec'), '--pidfile', join(state, 'pid')],
    ...['--config-file', configFile, ...network],
  ];
  // A group of its own: Ctrl-C at the tests must not end it before they have cleaned up.
  const child = spawn(DAEMON, args, { stdio: ['ignore', log, log], detached: true });
  child.unref();
  child.on('error', () => undefined);
  if (await waitForAnswer(child, socketPath)) {
    return { kind: 'usable', socketPath, pid: child.pid ?? null };
  }
  if (child.pid !== undefined) await stopDaemon(child.pid, socketPath);
  return unusable(`dockerd does not start: ${lastLine(logFile)}`);
}

async function waitForAnswer(child: ChildProcess, socketPath: string): Promise<boolean> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && child.exitCode === null && child.pid !== undefined) {
    if (existsSync(socketPath) && (await answers(socketPath))) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A child that ended and was not waited for answers as well.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Ends a daemon that was started here, by its process id, and removes what it leaves behind. */
export async function stopDaemon(pid: number, socketPath: string): Promise<void> {
  const deadline = Date.now() + STOP_MS;
  if (isAlive(pid)) process.kill(pid, 'SIGTERM');
  while (isAlive(pid) && Date.now() < deadline) await sleep(POLL_MS);
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  if (existsSync(`/sys/class/net/${BRIDGE}`)) await works('ip', 'link', 'delete', BRIDGE);
  const state = dirname(socketPath);
  // The daemon leaves its network namespace mounted.
  await works('umount', join(state, 'exec', 'netns', 'default'));
  await rm(state, { recursive: true, force: true }).catch(() => undefined);
}

/**
 * Finds a daemon that answers; else, as root on a Debian or Ubuntu, installs and starts one of its
 * own. `HOLDFAST_TEST_DOCKER=own` leaves running daemons alone, `=none` does without any.
 */
export async function ensureDocker(options: EnsureDockerOptions): Promise<DockerAnswer> {
  const { env, say } = options;
  const wanted = env.HOLDFAST_TEST_DOCKER ?? '';
  if (wanted === 'none') return unusable('HOLDFAST_TEST_DOCKER=none rules Docker out');
  if (wanted !== 'own') {
    const found = await findSocket(env);
    if (found !== undefined) return { kind: 'usable', socketPath: found, pid: null };
  }
  const tried = `no Docker daemon answers at ${candidateSockets(env).join(' or ') || 'DOCKER_HOST'}`;
  if ((env.DOCKER_HOST ?? '') !== '') return unusable(tried);
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return unusable(`${tried}, and only root on Linux can start one`);
  }
  if (!(await works(DAEMON, '--version'))) {
    const problem = await installDocker(say);
    if (problem !== undefined) return unusable(`${tried}, and ${problem}`);
    // A system's service manager may have started the daemon that was just installed.
    const started = await findSocket(env);
    if (started !== undefined) return { kind: 'usable', socketPath: started, pid: null };
  }
  const answer = await startDaemon(options);
  return answer.kind === 'usable' ? answer : unusable(`${tried}, and ${answer.reason}`);
}
