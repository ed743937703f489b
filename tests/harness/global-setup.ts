import { TEMPLATE_VARIABLE, createTemplate } from './postgres.ts';
import { startTestPostgres, type TestPostgres } from './postgres-server.ts';
import { STATE_VARIABLE, openDockerState } from '../../scripts/test-docker/prepared-docker.ts';
import { startTestTemporal, type TestTemporal } from './temporal.ts';

declare global {
  /** Kept for the teardown, which runs in the same process. */
  var holdfastTestPostgres: TestPostgres | undefined;
  var holdfastTestTemporal: TestTemporal | undefined;
  /** File of the state that the setup opened, if the test run had not opened it. */
  var holdfastTestDocker: string | undefined;
}

/** Starts the servers that tests under tests/ need; they find them by the environment. */
export default async function setup(): Promise<void> {
  if (process.env[STATE_VARIABLE] === undefined) {
    globalThis.holdfastTestDocker = openDockerState();
    process.env[STATE_VARIABLE] = globalThis.holdfastTestDocker;
  }
  const postgres = await startTestPostgres();
  globalThis.holdfastTestPostgres = postgres;
  process.env.HOLDFAST_TEST_DATABASE_URL = postgres.connectionString;
  process.env[TEMPLATE_VARIABLE] = await createTemplate(postgres.connectionString);
  const temporal = await startTestTemporal();
  globalThis.holdfastTestTemporal = temporal;
  process.env.HOLDFAST_TEST_TEMPORAL_ADDRESS = temporal.address;
  process.env.HOLDFAST_TEST_TEMPORAL_NAMESPACE = temporal.namespace;
  process.env.HOLDFAST_TEST_TEMPORAL_BINARY = temporal.binary;
}
