import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const APT = 'apt-get';
const LIMIT_MS = 5 * 60_000;
const KEPT_OUTPUT = 2_000;
const PACKAGES = ['docker.io', 'iproute2', 'cgroupfs-mount'];
/** Archives that cannot be reached must not hold the tests up. */
const PATIENCE = ['-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=20'];
/** A machine that has just started may be updating itself. */
const WAIT_FOR_OTHERS = ['-o', 'DPkg::Lock::Timeout=120'];

/** Whether a command can be run and ends well. */
export async function works(command: string, ...args: readonly string[]): Promise<boolean> {
  return execute(command, [...args]).then(
    () => true,
    () => false,
  );
}

/** Whether this machine has the program of the daemon. */
export function isInstalled(): Promise<boolean> {
  return works('dockerd', '--version');
}

/** Answers with the last line of an apt that failed. A cut test run must not cut it: hence a group of its own. */
async function apt(...args: readonly string[]): Promise<string | undefined> {
  const child = spawn(APT, ['-q', ...PATIENCE, ...WAIT_FOR_OTHERS, ...args], {
    // The package's own start of the system's daemon is left out where there is a runlevel of this name.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  const timer = setTimeout(() => child.kill('SIGTERM'), LIMIT_MS);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  clearTimeout(timer);
  return code === 0 ? undefined : (output.trim().split('\n').at(-1) ?? '');
}

/** Installs Docker with apt; answers with the reason if that cannot be. */
export async function installDocker(say: (line: string) => void): Promise<string | undefined> {
  if (!(await works(APT, '--version'))) return 'there is no apt to install Docker with';
  say('installing Docker with apt');
  const failure =
    (await apt('update')) ?? (await apt('install', '-y', '--no-install-recommends', ...PACKAGES));
  return failure === undefined ? undefined : `apt cannot install docker.io: ${failure}`;
}
