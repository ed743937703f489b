/** Runs every static check and tells at the end which ones failed. */
import { CHECKS, runChecks } from './check/run-checks.ts';

const results = await runChecks(CHECKS, [Promise.resolve(), Promise.resolve()]);
process.exit(results.every(({ passed }) => passed) ? 0 : 1);
