import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxImage } from '../../contracts/sandbox.ts';
import { ensureDocker, stopDaemon } from '../../scripts/ensure-docker.ts';
import type { DockerAnswer } from '../../scripts/ensure-docker.ts';
import { buildImages } from '../../scripts/sandbox-images/build.ts';
import { connect } from '../../scripts/sandbox-images/docker-connection.ts';
import { cacheFolder } from '../../scripts/sandbox-images/manifest.ts';
import type Docker from 'dockerode';

const STATE = 'HOLDFAST_TEST_DOCKER_STATE';

/** What tests with containers have on this machine. */
export interface TestDocker {
  /** Why they cannot run, for `describeUnless`; null if they can. */
  readonly reason: string | null;
  /** Leads nowhere if there is a reason. */
  readonly socketPath: string;
  readonly docker: Docker;
}

const NOWHERE = '/nonexistent/docker.sock';

/** The machine's fault, not the recipe's: no way to Debian's packages. */
const NO_PACKAGES = /cannot be pulled|mmdebstrap|Failed to fetch|Unable to fetch|no space left/i;

function say(line: string): void {
  process.stderr.write(`docker: ${line}\n`);
}

/** Names the file that test files share what they found by; for the global setup. */
export function openDockerState(): void {
  process.env[STATE] = join(tmpdir(), `holdfast-test-docker-${process.pid}.json`);
}

/** Each test file loads its modules anew, hence a file. */
async function findOnce(): Promise<DockerAnswer> {
  const file = process.env[STATE];
  if (file === undefined) throw new Error('run these tests with --selectProjects system');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as DockerAnswer;
  const folder = join(cacheFolder(process.env), 'docker');
  const answer = await ensureDocker({ env: process.env, folder, say });
  writeFileSync(file, JSON.stringify(answer));
  return answer;
}

function unusable(reason: string): TestDocker {
  return { reason, socketPath: NOWHERE, docker: connect(NOWHERE) };
}

/**
 * A daemon with the images that a test file needs, or the reason why there is none. Await it at the
 * top of the file, where no time limit of a test or hook applies: the first call may build images.
 */
export async function dockerForTests(
  images: readonly SandboxImage[] = ['base', 'python'],
): Promise<TestDocker> {
  const found = await findOnce();
  if (found.kind === 'unusable') return unusable(`Docker cannot be used: ${found.reason}`);
  const { socketPath } = found;
  const docker = connect(socketPath);
  try {
    await buildImages(docker, { images, say });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!NO_PACKAGES.test(message)) throw error;
    return unusable(`The sandbox images cannot be made: ${message.split('\n', 1).join('')}`);
  }
  return { reason: null, socketPath, docker };
}

/** Ends the daemon that tests started, if they did; for the global teardown. */
export async function closeDocker(): Promise<void> {
  const file = process.env[STATE];
  if (file === undefined || !existsSync(file)) return;
  const answer = JSON.parse(readFileSync(file, 'utf8')) as DockerAnswer;
  rmSync(file, { force: true });
  if (answer.kind === 'usable' && answer.pid !== null) {
    await stopDaemon(answer.pid, answer.socketPath);
  }
}
