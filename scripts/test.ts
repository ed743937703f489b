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

const UNIT = ['--selectProjects', 'unit', '--maxWorkers', '2'];
/**
 * Test files share servers, and have schemas, task queues and folders of their own; they wait for
 * servers half of the time.
 */
const SYSTEM = ['--selectProjects', 'system', '--maxWorkers', '3'];

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Checks run beside the pure tests, which need nobody to be quiet. */
async function runAll(jestArgs: readonly string[], cut: AbortSignal): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-result-'));
  try {
    const unit = runJest([...UNIT, ...jestArgs], join(folder, 'unit.json'), cut);
    const places = [Promise.resolve(), unit];
    const checks = process.argv.length > 2 ? [] : await runChecks(CHECKS, places);
    const failed = checks.filter(({ passed }) => !passed).length;
    const pure = addTallies(await unit, { ...NO_TESTS, passed: checks.length - failed, failed });
    const system = [...SYSTEM, ...jestArgs];
    const tally = cut.aborted
      ? pure
      : addTallies(pure, await runJest(system, join(folder, 'system.json'), cut));
    return cut.aborted ? addTallies(tally, { ...NO_TESTS, failed: 1 }) : tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
