import type { SandboxImage } from '../../contracts/sandbox.ts';
import { connect } from '../../scripts/sandbox-images/docker-connection.ts';
import {
  STATE_VARIABLE,
  preparationEnded,
  prepareDocker,
} from '../../scripts/test-docker/prepared-docker.ts';
import type Docker from 'dockerode';

/** What tests with containers have on this machine. */
export interface TestDocker {
  /** Why they cannot run, for `describeUnless`; null if they can. */
  readonly reason: string | null;
  /** Leads nowhere if there is a reason. */
  readonly socketPath: string;
  readonly docker: Docker;
}

const NOWHERE = '/nonexistent/docker.sock';

function say(line: string): void {
  process.stderr.write(`docker: ${line}\n`);
}

/**
 * A daemon with the images that a test file needs, or the reason why there is none. Await it at the
 * top of the file, where no time limit of a test or hook applies: the first call may build images.
 */
export async function dockerForTests(
  images: readonly SandboxImage[] = ['base', 'python'],
): Promise<TestDocker> {
  const file = process.env[STATE_VARIABLE];
  if (file === undefined) throw new Error('run these tests with --selectProjects system');
  await preparationEnded(file, say);
  const answer = await prepareDocker(file, images, say);
  if (answer.kind === 'usable') {
    const { socketPath } = answer;
    return { reason: null, socketPath, docker: connect(socketPath) };
  }
  const reason = `Docker cannot be used: ${answer.reason}`;
  return { reason, socketPath: NOWHERE, docker: connect(NOWHERE) };
}
