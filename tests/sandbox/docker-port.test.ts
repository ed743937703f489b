import { dockerForTests } from '../harness/docker.ts';
import { openBench } from './docker-fixture.ts';
import { denialsReason } from './suite/denials.ts';
import { describeDriver } from './port.suite.ts';

const { reason, socketPath } = await dockerForTests(['base']);
const noDenials = await denialsReason();

describeDriver({
  title: 'docker',
  reason,
  noTotals: null,
  ownFolder: null,
  noDenials,
  openBench: () => openBench(socketPath),
});

describeDriver({
  title: 'docker without sockets',
  reason,
  noTotals: null,
  ownFolder: 'it shares no folder with its host.',
  noDenials,
  openBench: () => openBench(socketPath, { transport: 'attach' }),
});
