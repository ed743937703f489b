import { dockerForTests } from '../harness/docker.ts';
import { openBench } from './docker-fixture.ts';
import { describeDriver } from './port.suite.ts';

const { reason, socketPath } = await dockerForTests(['base']);

describeDriver({
  title: 'docker',
  reason,
  noTotals: null,
  ownFolder: null,
  openBench: () => openBench(socketPath),
});
