import { describe, expect, test } from '@jest/globals';
import { addTallies, closingLines, readTally, toTally } from './jest-report.ts';
import type { JestResult } from './jest-report.ts';
import { notRunTitle } from './not-run.ts';

function resultOf(statuses: readonly string[], brokenFiles = 0): JestResult {
  return {
    numPassedTests: statuses.filter((status) => status === 'passed').length,
    numFailedTests: statuses.filter((status) => status === 'failed').length,
    numRuntimeErrorTestSuites: brokenFiles,
    testResults: [
      { assertionResults: statuses.map((status, index) => ({ fullName: `t${index}`, status })) },
    ],
  };
}

describe('the closing lines of a test run', () => {
  test('end with the counts alone on a line', () => {
    const lines = closingLines(toTally(resultOf(['passed', 'passed'])));
    expect(lines.at(-1)).toBe('2 passed, 0 failed');
  });

  test('name every skipped test and count them', () => {
    const lines = closingLines(toTally(resultOf(['passed', 'pending', 'todo'])));
    expect(lines).toContain('  - t1');
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 2 skipped');
  });

  test('say once why tests could not run, before the counts', () => {
    const titles = ['a', 'b'].map((name) => notRunTitle(name, 'no daemon [here]\nanswers'));
    const lines = closingLines({ passed: 3, failed: 0, skipped: ['other', ...titles] });
    expect(lines).toEqual([
      ...['', 'Skipped:', '  - other'],
      ...['', 'NOT RUN: 2 tests. no daemon here answers', '  - a', '  - b'],
      ...['', '3 passed, 0 failed, 3 skipped'],
    ]);
  });

  test('count a file that broke before its tests as a failure', () => {
    expect(toTally(resultOf(['passed'], 1)).failed).toBe(1);
  });

  test('count a run that left no result as a failure', () => {
    expect(readTally('/nowhere/result.json')).toEqual({ passed: 0, failed: 1, skipped: [] });
  });

  test('add up over several runs', () => {
    const one = toTally(resultOf(['passed', 'pending']));
    const sum = addTallies(one, toTally(resultOf(['failed'])));
    expect(sum).toEqual({ passed: 1, failed: 1, skipped: ['t1'] });
  });
});
