import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnv } from '../../runtime/env.ts';
import { startDevServer } from '../../temporal/server/dev-server.ts';
import { resolveTemporal, temporalCacheDir } from '../../temporal/server/resolve.ts';

/** A Temporal server for a test run. */
export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  /** Program for tests that start and kill a server of their own; empty when none was needed. */
  readonly binary: string;
  readonly stop: () => Promise<void>;
}

const NAMESPACE = 'default';
const GIVEN = 'TEST_TEMPORAL_ADDRESS';

/** Uses `TEST_TEMPORAL_ADDRESS` if it is set, else starts a tuned dev server that keeps nothing. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const env = readEnv();
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const given = process.env[GIVEN];
  const found = await resolveTemporal({
    searchPath: env.PATH,
    cacheDir: temporalCacheDir(env),
    log,
  });
  const binary = found.kind === 'binary' ? found.path : '';
  if (given !== undefined && given !== '') {
    return { address: given, namespace: NAMESPACE, binary, stop: () => Promise.resolve() };
  }
  const stateDir = await mkdtemp(join(tmpdir(), 'holdfast-test-temporal-'));
  const port = await freePort();
  const server = await startDevServer({ binary, port, namespace: NAMESPACE, stateDir, log });
  const stop = async (): Promise<void> => {
    await server.process.stop('SIGKILL');
    await rm(stateDir, { recursive: true, force: true });
  };
  return { address: server.address, namespace: NAMESPACE, binary, stop };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
