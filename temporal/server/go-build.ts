import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCode } from './error-code.ts';
import { runCommand } from './run-command.ts';

/** The programs that the pinned Go module can build. */
export type GoProgram = 'temporal' | 'server' | 'sql';

const MODULE_DIR = fileURLToPath(new URL('../build/', import.meta.url));
const CLI_VERSION = '1.8.2';
const PACKAGES: Readonly<Record<GoProgram, string>> = {
  temporal: 'github.com/temporalio/cli/cmd/temporal',
  server: 'go.temporal.io/server/cmd/server',
  sql: 'go.temporal.io/server/cmd/tools/sql',
};
const PROBE_DEADLINE_MS = 90_000;
const BUILD_DEADLINE_MS = 25 * 60_000;
const PROGRESS_EVERY_MS = 30_000;

/** Builds a program of `temporal/build/go.mod` into `folder`; takes minutes and says so. */
export async function buildWithGo(
  program: GoProgram,
  folder: string,
  log: (line: string) => void,
): Promise<string> {
  await probe();
  const target = join(folder, program);
  const stamp = `-X github.com/temporalio/cli/internal/temporalcli.Version=${CLI_VERSION}`;
  log(`building ${program} with Go; minutes the first time`);
  let told = 0;
  await runCommand({
    command: 'go',
    args: ['build', '-ldflags', `-s -w ${stamp}`, '-o', target, PACKAGES[program]],
    cwd: MODULE_DIR,
    deadlineMs: BUILD_DEADLINE_MS,
    onTick: (elapsedMs) => {
      if (elapsedMs - told < PROGRESS_EVERY_MS) return undefined;
      told = elapsedMs;
      log(`still building ${program}: ${Math.round(elapsedMs / 1000)} s`);
      return undefined;
    },
  });
  return target;
}

/** Fetching one module first tells within seconds whether the module proxy answers at all. */
async function probe(): Promise<void> {
  const args = ['mod', 'download', 'go.temporal.io/api'];
  try {
    await runCommand({ command: 'go', args, cwd: MODULE_DIR, deadlineMs: PROBE_DEADLINE_MS });
  } catch (error) {
    throw errorCode(error) === 'ENOENT' ? new Error('there is no Go') : error;
  }
}
