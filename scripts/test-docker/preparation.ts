import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  STATE_VARIABLE,
  announcePreparation,
  closeDockerState,
  openDockerState,
} from './prepared-docker.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = join(ROOT, 'scripts', 'prepare-docker.ts');

/** Docker that becomes ready beside a test run. */
export interface Preparation {
  /** Breaks off what is not ready, and stops the daemon that was started for the tests. */
  readonly end: () => Promise<void>;
}

/** Begins to prepare Docker in a process of its own; tests find what it does by the environment. */
export function startPreparation(): Preparation {
  const file = openDockerState();
  process.env[STATE_VARIABLE] = file;
  const folder = join(ROOT, '.holdfast');
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, 'test-docker.log'), 'w');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM], {
    cwd: ROOT,
    stdio: ['ignore', log, log],
    // A group of its own, which ends as a whole, with the programs that it runs.
    detached: true,
  });
  const ended = once(child, 'exit');
  const { pid } = child;
  if (pid !== undefined) announcePreparation(file, pid);
  const end = async (): Promise<void> => {
    if (pid !== undefined && child.exitCode === null) {
      process.kill(-pid, 'SIGTERM');
      await ended;
    }
    await closeDockerState(file);
  };
  return { end };
}
