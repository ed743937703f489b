import { Readable } from 'node:stream';
import { connect, finished } from '../sandbox-images/docker-connection.ts';

const PROBE = 'holdfast-probe';
const EMPTY_TAR = Buffer.alloc(10_240);
const MISSING = '/nothing';

/**
 * Why containers cannot be run, where a daemon answers but lacks the rights to make them. One without
 * any program comes as far as looking for it.
 */
export async function probeContainers(socketPath: string): Promise<string | undefined> {
  const docker = connect(socketPath);
  try {
    const image = Readable.from([EMPTY_TAR]);
    await finished(docker, await docker.importImage(image, { repo: PROBE, tag: 'latest' }));
    const container = await docker.createContainer({
      Image: PROBE,
      Entrypoint: [MISSING],
      HostConfig: { NetworkMode: 'none' },
    });
    await container.start().finally(() => container.remove({ force: true }));
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [first = ''] = message.trim().split('\n', 1);
    return message.includes(`"${MISSING}"`) ? undefined : `containers cannot be run: ${first}`;
  } finally {
    await docker
      .getImage(PROBE)
      .remove({ force: true })
      .catch(() => undefined);
  }
}
