import { startTestPostgres, type TestPostgres } from './postgres-server.ts';

declare global {
  /** Kept for the teardown, which runs in the same process. */
  var holdfastTestPostgres: TestPostgres | undefined;
}

/** Starts the servers that tests under tests/ need; they find them by the environment. */
export default async function setup(): Promise<void> {
  const postgres = await startTestPostgres();
  globalThis.holdfastTestPostgres = postgres;
  process.env.HOLDFAST_TEST_DATABASE_URL = postgres.connectionString;
}
