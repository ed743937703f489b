import { closeDockerState } from '../../scripts/test-docker/prepared-docker.ts';

/** Stops what the setup started. */
export default async function teardown(): Promise<void> {
  const docker = globalThis.holdfastTestDocker;
  if (docker !== undefined) await closeDockerState(docker);
  await globalThis.holdfastTestTemporal?.stop();
  await globalThis.holdfastTestPostgres?.stop();
}
