import { startTestPostgres, type TestPostgres } from './postgres-server.ts';
import { openDockerState } from './docker.ts';
import { startTestTemporal, type TestTemporal } from './temporal.ts';

declare global {
  /** Kept for the teardown, which runs in the same process. */
  var holdfastTestPostgres: TestPostgres | undefined;
  var holdfastTestTemporal: TestTemporal | undefined;
}

/** Starts the servers that tests under tests/ need; they find them by the environment. */
export default async function setup(): Promise<void> {
  openDockerState();
  const postgres = await startTestPostgres();
  globalThis.holdfastTestPostgres = postgres;
  process.env.HOLDFAST_TEST_DATABASE_URL = postgres.connectionString;
  const temporal = await startTestTemporal();
  globalThis.holdfastTestTemporal = temporal;
  process.env.HOLDFAST_TEST_TEMPORAL_ADDRESS = temporal.address;
  process.env.HOLDFAST_TEST_TEMPORAL_NAMESPACE = temporal.namespace;
  process.env.HOLDFAST_TEST_TEMPORAL_BINARY = temporal.binary;
}
