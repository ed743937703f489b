import { describe } from '@jest/globals';
import { notRunTitle } from '../../scripts/test/not-run.ts';

/**
 * As `describe`, where the machine may lack something: with a reason its tests are not run, and the
 * test run ends by saying so and why.
 */
export function describeUnless(reason: string | null, title: string, tests: () => void): void {
  if (reason === null) describe(title, tests);
  else describe.skip(notRunTitle(title, reason), tests);
}
