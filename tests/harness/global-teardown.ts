import { closeDocker } from './docker.ts';

/** Stops what the setup started. */
export default async function teardown(): Promise<void> {
  await closeDocker();
  await globalThis.holdfastTestTemporal?.stop();
  await globalThis.holdfastTestPostgres?.stop();
}
