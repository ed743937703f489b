import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers } from '../sandbox-images/docker-connection.ts';
import { works } from './install-docker.ts';
import { probeContainers } from './probe-containers.ts';
import { daemonsWith, endProcesses, isAlive } from './processes.ts';

const START_MS = 30_000;
const STOP_MS = 20_000;
const POLL_MS = 200;
const DAEMON = 'dockerd';
const BRIDGE = 'holdfast0';
/** Of a range that documentation and tests have to themselves. */
const BRIDGE_ADDRESS = '198.18.213.1/24';

/** How to find a daemon again. */
export interface DaemonRecord {
  readonly pid: number;
  readonly socketPath: string;
}

function dataRoot(folder: string): string {
  return join(folder, 'data');
}

function recordFile(folder: string): string {
  return join(folder, 'daemon.json');
}

/** The daemon that was started last, whatever has become of it. */
export function readRecord(folder: string): DaemonRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(folder), 'utf8')) as DaemonRecord;
  } catch {
    return undefined;
  }
}

/** Process ids are given out again, hence the look at the command. */
export function isRunning(folder: string, pid: number): boolean {
  return isAlive(pid) && daemonsWith(dataRoot(folder)).includes(pid);
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
    const made =
      (await works('ip', 'link', 'add', BRIDGE, 'type', 'bridge')) &&
      (await works('ip', 'addr', 'add', BRIDGE_ADDRESS, 'dev', BRIDGE)) &&
      (await works('ip', 'link', 'set', BRIDGE, 'up'));
    if (!made) throw new Error(`no bridge beside that of another daemon can be made`);
  }
  return ['--bridge', BRIDGE, ...rules];
}

/** Starts a daemon with its data in a folder, and answers with its socket. */
export async function startDaemon(folder: string): Promise<string> {
  await mountControlGroups();
  const network = await networkArguments();
  // Sockets below it have short paths, as they must.
  const state = await mkdtemp(join(tmpdir(), 'holdfast-dockerd-'));
  const socketPath = join(state, 'docker.sock');
  const logFile = join(folder, 'dockerd.log');
  // Settings of the machine's own daemon do not count here.
  const configFile = join(state, 'config.json');
  await writeFile(configFile, '{}');
  const log = openSync(logFile, 'w');
  const args = [
    ...['--host', `unix://${socketPath}`, '--data-root', dataRoot(folder)],
    ...['--exec-root', join(state, 'exec'), '--pidfile', join(state, 'pid')],
    ...['--config-file', configFile, ...network],
  ];
  // A group of its own: Ctrl-C at the tests must not end it before they have cleaned up.
  const child = spawn(DAEMON, args, { stdio: ['ignore', log, log], detached: true });
  child.unref();
  child.on('error', () => undefined);
  const { pid } = child;
  if (pid === undefined) throw new Error('dockerd cannot be run');
  // It serves tests, whatever the priority of the process that prepares it.
  await works('renice', '-n', '0', '-p', String(pid));
  const record: DaemonRecord = { pid, socketPath };
  await writeFile(recordFile(folder), JSON.stringify(record));
  const problem = (await waitForAnswer(child, socketPath))
    ? await probeContainers(socketPath)
    : `dockerd does not start: ${lastLine(logFile)}`;
  if (problem === undefined) return socketPath;
  await stopDaemon(folder, record);
  throw new Error(problem);
}

async function waitForAnswer(child: ChildProcess, socketPath: string): Promise<boolean> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    if (existsSync(socketPath) && (await answers(socketPath))) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function lastLine(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

/** A daemon leaves its network namespace mounted; one that was killed leaves file systems as well. */
async function unmountAll(folders: readonly string[]): Promise<void> {
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => folders.some((folder) => `${point}/`.startsWith(`${folder}/`)));
  // Those that were mounted last lie on top.
  for (const point of points.toReversed()) await works('umount', point);
}

/** Ends a daemon by its process id, and removes what it leaves behind. */
export async function stopDaemon(folder: string, { pid, socketPath }: DaemonRecord): Promise<void> {
  const deadline = Date.now() + STOP_MS;
  if (isRunning(folder, pid)) process.kill(pid, 'SIGTERM');
  while (isRunning(folder, pid) && Date.now() < deadline) await sleep(POLL_MS);
  const state = dirname(socketPath);
  // What outlives a daemon that was killed: containers and what watches over them.
  await endProcesses([...daemonsWith(dataRoot(folder)), ...daemonsWith(`${state}/`)]);
  if (existsSync(`/sys/class/net/${BRIDGE}`) && daemonsWith(BRIDGE).length === 0) {
    await works('ip', 'link', 'delete', BRIDGE);
  }
  await unmountAll([state, dataRoot(folder)]);
  await rm(state, { recursive: true, force: true }).catch(() => undefined);
  rmSync(recordFile(folder), { force: true });
}
