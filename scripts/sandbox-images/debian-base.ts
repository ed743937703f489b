import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { finished, labelsOf } from './docker-connection.ts';
import type Docker from 'dockerode';

const execute = promisify(execFile);

/** Where the Debian below all images comes from. */
export const BASE_SOURCES = ['registry', 'debootstrap'] as const;
export type BaseSource = (typeof BASE_SOURCES)[number];

const OFFICIAL = 'debian:bookworm-slim';
const BOOTSTRAPPED = 'holdfast-sandbox-debian:local';
const PULL_MS = 60_000;
const BOOTSTRAP_MS = 15 * 60_000;

/** What the slim images leave out too. */
const LEFT_OUT = ['doc', 'man', 'groff', 'info', 'lintian', 'linda', 'locale'];

async function pull(docker: Docker): Promise<boolean> {
  const giveUp = AbortSignal.timeout(PULL_MS);
  try {
    const progress = await docker.pull(OFFICIAL, { abortSignal: giveUp });
    await finished(docker, progress);
    return true;
  } catch {
    return false;
  }
}

async function works(command: string): Promise<boolean> {
  return execute(command, ['--version']).then(
    () => true,
    () => false,
  );
}

/** As root on a Debian or Ubuntu, installs the program that makes a Debian. */
async function ensureMmdebstrap(say: (line: string) => void): Promise<void> {
  if (await works('mmdebstrap')) return;
  if (process.getuid?.() !== 0 || !(await works('apt-get'))) {
    throw new Error(`${OFFICIAL} cannot be pulled, and mmdebstrap, which replaces it, is missing.`);
  }
  say('installing mmdebstrap with apt');
  const options = {
    timeout: BOOTSTRAP_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  await execute('apt-get', ['update', '-q'], options);
  const names = ['mmdebstrap', 'debian-archive-keyring'];
  await execute('apt-get', ['install', '-qy', '--no-install-recommends', ...names], options);
}

async function bootstrap(docker: Docker, say: (line: string) => void): Promise<void> {
  await ensureMmdebstrap(say);
  say("making a Debian from the archive's packages");
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-debian-'));
  try {
    const tar = join(folder, 'debian.tar');
    const rules = LEFT_OUT.map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`);
    const args = [
      ...['--variant=minbase', '--quiet', '--dpkgopt=force-unsafe-io'],
      ...['--aptopt=Acquire::Languages "none"', ...rules],
      ...['--dpkgopt=path-include=/usr/share/doc/*/copyright', '--include=ca-certificates'],
      ...['bookworm', tar],
    ];
    await execute('mmdebstrap', args, { timeout: BOOTSTRAP_MS, maxBuffer: 64 * 1024 * 1024 });
    const [repo, tag] = BOOTSTRAPPED.split(':');
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
    const options = { repo, tag, changes: [`ENV PATH=${path}`] };
    await finished(docker, await docker.importImage(tar, options));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Options of {@link ensureDebian}. */
export interface DebianOptions {
  /** Left out: the registry's image if it is here or comes within a minute, else one made here. */
  readonly from: BaseSource | undefined;
  /** Makes or pulls anew what is already here. */
  readonly fresh: boolean;
  readonly say: (line: string) => void;
}

/** Name of a Debian image that is here afterwards. */
export async function ensureDebian(docker: Docker, options: DebianOptions): Promise<string> {
  const { from, fresh, say } = options;
  const isHere = async (name: string): Promise<boolean> =>
    (await labelsOf(docker, name)) !== undefined;
  if (from !== 'debootstrap') {
    if (fresh && (await pull(docker))) return OFFICIAL;
    if ((await isHere(OFFICIAL)) || (!fresh && (await pull(docker)))) return OFFICIAL;
    if (from === 'registry') throw new Error(`${OFFICIAL} is neither here nor can it be pulled.`);
  }
  if (fresh || !(await isHere(BOOTSTRAPPED))) await bootstrap(docker, say);
  return BOOTSTRAPPED;
}
