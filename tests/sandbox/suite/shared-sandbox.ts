import { afterAll, beforeAll } from '@jest/globals';
import { specOf } from '../docker-fixture.ts';
import type { Sandbox, SandboxDriver, SandboxSpec } from '../../../adapters/sandbox/port.ts';
import type { SuiteBench } from '../port.suite.ts';

/** What the tests of one group share; filled before the first of them runs. */
export interface Shared {
  readonly bench: SuiteBench;
  readonly driver: SandboxDriver;
  readonly spec: SandboxSpec;
  readonly sandbox: Sandbox;
}

/** Opens one sandbox for all tests of the group, and the answer to where it is. */
export function shareSandbox(
  openBench: () => Promise<SuiteBench>,
  changes: Partial<SandboxSpec> = {},
): () => Shared {
  let shared: Shared | undefined;
  beforeAll(async () => {
    const bench = await openBench();
    const driver = bench.open();
    const spec = specOf(changes);
    shared = { bench, driver, spec, sandbox: await driver.create(spec) };
  });
  afterAll(async () => {
    await shared?.bench[Symbol.asyncDispose]();
  });
  return () => {
    if (shared === undefined) throw new Error('the sandbox of these tests could not be started');
    return shared;
  };
}
