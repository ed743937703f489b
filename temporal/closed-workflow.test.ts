import { expect, test } from '@jest/globals';
import { sentenceOf } from './closed-workflow.ts';

test.each([
  ['TERMINATED', 'wrong input', 'its workflow was terminated: wrong input'],
  ['TERMINATED', '', 'its workflow was terminated'],
  ['TIMED_OUT', 'Workflow execution timed out', 'its workflow timed out'],
  ['FAILED', 'a broken\n  replay', 'its workflow failed: a broken replay'],
  ['FAILED', 'x'.repeat(600), `its workflow failed: ${'x'.repeat(500)}…`],
  ['COMPLETED', null, 'its workflow completed without recording an end'],
  ['CANCELLED', 'cancelled', 'its workflow was cancelled without recording an end'],
] as const)('tells what Temporal reports of a workflow that is %s (%#)', (status, reason, told) => {
  expect(sentenceOf(status, reason)).toBe(told);
});
