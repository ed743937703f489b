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

describeDriver({
  title: 'docker without sockets',
  reason,
  noTotals: null,
  ownFolder: 'it shares no folder with its host.',
  openBench: () => openBench(socketPath, { transport: 'attach' }),
});
