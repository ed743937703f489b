import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../temporal/server/run-command.ts';
import { cacheFolder } from '../sandbox-images/manifest.ts';

/** The double's server, run by the Python that `prepareEngine` gives. */
export const DOUBLE_SERVER = toPath('server.py');
const REQUIREMENTS = toPath('requirements.txt');
const WANTED = '0.9.0';
const DEADLINE_MS = 180_000;
const PRINT_VERSION = [
  'import qdrant_edge',
  'from importlib.metadata import version',
  'print(version("qdrant-edge-py"))',
].join('; ');

/**
 * A Python with Qdrant's engine, in a folder of its own among what this machine can make again; made when
 * it is not there. Throws where there is no Python, or no package for it.
 */
export async function prepareEngine(env: NodeJS.ProcessEnv): Promise<string> {
  const folder = join(cacheFolder(env), 'qdrant-edge');
  const python = join(folder, 'bin', 'python');
  if (await isReady(python)) return python;
  await rm(folder, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', folder]);
  const install = ['install', '--quiet', '--disable-pip-version-check', '--no-input'];
  const checked = ['--only-binary', ':all:', '--require-hashes', '--requirement', REQUIREMENTS];
  await run(python, ['-m', 'pip', ...install, '--timeout', '10', '--retries', '1', ...checked]);
  if (!(await isReady(python))) throw new Error('the engine was installed and cannot be loaded');
  return python;
}

async function isReady(python: string): Promise<boolean> {
  try {
    await access(python);
    return (await run(python, ['-c', PRINT_VERSION])).trim() === WANTED;
  } catch {
    return false;
  }
}

async function run(command: string, args: readonly string[]): Promise<string> {
  return runCommand({ command, args, deadlineMs: DEADLINE_MS });
}

function toPath(name: string): string {
  return fileURLToPath(new URL(`../../tests/memory/qdrant-double/${name}`, import.meta.url));
}
