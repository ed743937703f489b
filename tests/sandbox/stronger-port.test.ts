import { dockerForTests } from '../harness/docker.ts';
import { openBench } from './docker-fixture.ts';
import { describeDriver } from './port.suite.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

const LEVELS = [
  { level: 'gvisor', name: 'runsc' },
  { level: 'microvm', name: 'kata' },
] as const;

/** Names of the runtimes that the daemon has. */
async function runtimes(): Promise<readonly string[]> {
  const info: unknown = await docker.info();
  const isNamed = typeof info === 'object' && info !== null && 'Runtimes' in info;
  return isNamed ? Object.keys(info.Runtimes ?? {}) : [];
}

const found = reason === null ? await runtimes() : [];

for (const runtime of LEVELS) {
  const missing = `Docker has no runtime ${runtime.name}, only ${found.join(', ')}`;
  describeDriver({
    title: runtime.level,
    reason: reason ?? (found.includes(runtime.name) ? null : missing),
    noTotals: null,
    ownFolder: null,
    noDenials: 'it has a kernel of its own.',
    openBench: () => openBench(socketPath, { runtime }),
  });
}
