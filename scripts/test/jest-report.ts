import { readFileSync } from 'node:fs';
import { sortSkipped } from './not-run.ts';

/** What a test run amounts to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Titles of tests that did not run; a reason stands in the title. */
  readonly skipped: readonly string[];
}

/** The parts of Jest's JSON result that are read here. */
export interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Files that broke before their tests could run. */
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
    }[];
  }[];
}

/** The tally of nothing. */
export const NO_TESTS: Tally = { passed: 0, failed: 0, skipped: [] };

const NOT_RUN = new Set(['pending', 'skipped', 'disabled', 'todo']);

/** Counts a result; a file that failed to run is a failure, since its tests are missing. */
export function toTally(result: JestResult): Tally {
  const tests = result.testResults.flatMap((file) => file.assertionResults);
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: tests.filter(({ status }) => NOT_RUN.has(status)).map(({ fullName }) => fullName),
  };
}

/** Both tallies together. */
export function addTallies(one: Tally, other: Tally): Tally {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: [...one.skipped, ...other.skipped],
  };
}

/** Reads Jest's JSON result; a run that left none has failed as a whole. */
export function readTally(file: string): Tally {
  try {
    return toTally(JSON.parse(readFileSync(file, 'utf8')) as JestResult);
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
}

/** The closing lines: what was skipped, what could not run and why, then the counts alone. */
export function closingLines(tally: Tally): readonly string[] {
  const { passed, failed, skipped } = tally;
  const { notRun, others } = sortSkipped(skipped);
  const list = others.length === 0 ? [] : ['', 'Skipped:', ...others.map((name) => `  - ${name}`)];
  const counts = `${passed} passed, ${failed} failed`;
  return [
    ...list,
    ...notRun,
    '',
    skipped.length === 0 ? counts : `${counts}, ${skipped.length} skipped`,
  ];
}
