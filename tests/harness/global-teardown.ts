import { TEMPLATE_VARIABLE, dropTemplate } from './postgres.ts';
import { closeDockerState } from '../../scripts/test-docker/prepared-docker.ts';

/** Stops what the setup started. */
export default async function teardown(): Promise<void> {
  const docker = globalThis.holdfastTestDocker;
  if (docker !== undefined) await closeDockerState(docker);
  await globalThis.holdfastTestTemporal?.stop();
  const { HOLDFAST_TEST_DATABASE_URL: server, [TEMPLATE_VARIABLE]: template } = process.env;
  if (server !== undefined && template !== undefined) await dropTemplate(server, template);
  await globalThis.holdfastTestPostgres?.stop();
}
