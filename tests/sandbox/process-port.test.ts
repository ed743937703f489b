import { describeDriver } from './port.suite.ts';
import { denialsReason } from './suite/denials.ts';
import { openProcessBench, probeProcessLevel } from './process-fixture.ts';

const { ok, evidence } = await probeProcessLevel();
const seen = evidence.join('; ');

describeDriver({
  title: 'process',
  reason: ok ? null : seen,
  noTotals: seen.includes('no control groups') ? seen : null,
  ownFolder: seen.includes('is not root') ? seen : null,
  noDenials: await denialsReason(),
  openBench: openProcessBench,
});
