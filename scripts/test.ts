/**
 * The whole test run: static checks, pure tests, then tests that need servers. Arguments go to Jest
 * and leave the checks out; `--no-check` alone leaves them out too.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHECKS, runChecks } from './check/run-checks.ts';
import { NO_TESTS, addTallies, closingLines, readTally } from './test/jest-report.ts';
import type { Tally } from './test/jest-report.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const JEST = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');

/** Servers are shared by the system tests, so these run one file after the other. */
const RUNS: readonly (readonly string[])[] = [
  ['--selectProjects', 'unit', '--maxWorkers', '2'],
  ['--selectProjects', 'system', '--runInBand'],
];

async function runJest(args: readonly string[], resultFile: string): Promise<Tally> {
  const report = ['--json', '--outputFile', resultFile, '--passWithNoTests'];
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, JEST, ...report, ...args], {
    cwd: ROOT,
    // Jest prints its JSON on standard output as well; people read standard error.
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => child.kill(signal));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const tally = readTally(resultFile);
  // A leaked handle, a missing file or a broken setup fails the run without failing a test.
  return code === 0 || tally.failed > 0 ? tally : addTallies(tally, { ...NO_TESTS, failed: 1 });
}

async function main(): Promise<number> {
  const jestArgs = process.argv.slice(2).filter((arg) => arg !== '--no-check');
  const results = process.argv.length > 2 ? [] : await runChecks(CHECKS);
  const failedChecks = results.filter(({ passed }) => !passed).length;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-result-'));
  let tally: Tally = { ...NO_TESTS, passed: results.length - failedChecks, failed: failedChecks };
  for (const [index, run] of RUNS.entries()) {
    const file = join(folder, `${index}.json`);
    tally = addTallies(tally, await runJest([...run, ...jestArgs], file));
  }
  rmSync(folder, { recursive: true, force: true });
  for (const line of closingLines(tally)) process.stdout.write(`${line}\n`);
  return tally.failed > 0 ? 1 : 0;
}

process.exit(await main());
