import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NO_TESTS, addTallies, readTally } from './jest-report.ts';
import type { Tally } from './jest-report.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');

/** Runs Jest to its end or until it is cut, whose reason is the signal that Jest gets. */
export async function runJest(
  args: readonly string[],
  resultFile: string,
  cut: AbortSignal,
): Promise<Tally> {
  const report = ['--json', '--outputFile', resultFile, '--passWithNoTests'];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, JEST, ...report, ...args], {
    cwd: ROOT,
    // Jest prints its JSON on standard output as well; people read standard error.
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = (): void => void child.kill(cut.reason as NodeJS.Signals);
  cut.addEventListener('abort', stop);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  cut.removeEventListener('abort', stop);
  const tally = readTally(resultFile);
  // A leaked handle, a missing file or a broken setup fails the run without failing a test.
  return code === 0 || tally.failed > 0 ? tally : addTallies(tally, { ...NO_TESTS, failed: 1 });
}
