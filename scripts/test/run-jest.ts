import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NO_TESTS, addTallies, readTally } from './jest-report.ts';
import type { Tally } from './jest-report.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');

const POLL_MS = 500;
const LINGER_MS = 20_000;

/** Jest writes its result last; it ends soon after, unless tests left something running. */
function killWhenDone(child: ChildProcess, resultFile: string): () => void {
  let doneAt: number | undefined;
  const timer = setInterval(() => {
    if (existsSync(resultFile)) doneAt ??= performance.now();
    if (doneAt === undefined || performance.now() - doneAt < LINGER_MS) return;
    process.stderr.write('Jest does not end, since tests left something running; killing it.\n');
    child.kill('SIGKILL');
  }, POLL_MS);
  return () => clearInterval(timer);
}

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
  const giveUp = killWhenDone(child, resultFile);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  cut.removeEventListener('abort', stop);
  giveUp();
  const tally = readTally(resultFile);
  // A leaked handle, a missing file or a broken setup fails the run without failing a test.
  return code === 0 || tally.failed > 0 ? tally : addTallies(tally, { ...NO_TESTS, failed: 1 });
}
