/**
 * The whole test run: static checks, pure tests, then tests that need servers. Arguments go to Jest
 * and leave the checks out; `--no-check` alone leaves them out too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKS, runChecks } from './check/run-checks.ts';
import { startPreparation } from './test-docker/preparation.ts';
import type { Preparation } from './test-docker/preparation.ts';
import { NO_TESTS, addTallies, closingLines } from './test/jest-report.ts';
import type { Tally } from './test/jest-report.ts';
import { startNeo4jPreparation } from './test-neo4j/preparation.ts';
import { runJest } from './test/run-jest.ts';

/**
 * Test files share servers, and have schemas, task queues and folders of their own; those that need
 * servers wait for them half of the time.
 */
const RUNS: readonly (readonly string[])[] = [
  ['--selectProjects', 'unit', '--maxWorkers', '2'],
  ['--selectProjects', 'system', '--maxWorkers', '3'],
];

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

async function runAll(jestArgs: readonly string[], cut: AbortSignal): Promise<Tally> {
  const results = process.argv.length > 2 ? [] : await runChecks(CHECKS);
  const failedChecks = results.filter(({ passed }) => !passed).length;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-result-'));
  let tally: Tally = { ...NO_TESTS, passed: results.length - failedChecks, failed: failedChecks };
  for (const [index, run] of RUNS.entries()) {
    if (cut.aborted) break;
    const file = join(folder, `${index}.json`);
    tally = addTallies(tally, await runJest([...run, ...jestArgs], file, cut));
  }
  rmSync(folder, { recursive: true, force: true });
  return cut.aborted ? addTallies(tally, { ...NO_TESTS, failed: 1 }) : tally;
}

async function main(): Promise<number> {
  const jestArgs = process.argv.slice(2).filter((arg) => arg !== '--no-check');
  const cut = new AbortController();
  for (const signal of SIGNALS) process.on(signal, () => cut.abort(signal));
  // Parts of the tests seldom need Docker or Neo4j, and see to them themselves if they do.
  const preparations: readonly Preparation[] =
    jestArgs.length === 0 ? [startPreparation(), startNeo4jPreparation()] : [];
  try {
    const tally = await runAll(jestArgs, cut.signal);
    for (const line of closingLines(tally)) process.stdout.write(`${line}\n`);
    return tally.failed > 0 ? 1 : 0;
  } finally {
    for (const preparation of preparations) await preparation.end();
  }
}

process.exit(await main());
