import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxImage } from '../../contracts/sandbox.ts';
import { buildImages, staleImages } from '../sandbox-images/build.ts';
import { connect } from '../sandbox-images/docker-connection.ts';
import { cacheFolder } from '../sandbox-images/manifest.ts';
import { ensureDocker } from './ensure-docker.ts';
import type { DockerAnswer } from './ensure-docker.ts';
import { leaveOwnDaemon } from './own-daemon.ts';
import type { OwnDaemon } from './own-daemon.ts';
import { isAlive } from './processes.ts';

/** Variable with the file by which the processes of a test run share what they found. */
export const STATE_VARIABLE = 'HOLDFAST_TEST_DOCKER_STATE';

const POLL_MS = 200;

/** The machine's fault, not the recipe's: no way to Debian's packages, or no right to containers. */
const MACHINE =
  /cannot be pulled|mmdebstrap|Failed to fetch|Unable to fetch|no space left|OCI runtime|failed to register layer|error creating overlay mount/i;

interface State {
  /** Process of the test run. */
  readonly owner: number;
  /** Process that prepares Docker, if one does. */
  readonly preparing: number | null;
  readonly answer: DockerAnswer | null;
  /** Why images could not be built. */
  readonly problem: string | null;
}

function read(file: string): State {
  return JSON.parse(readFileSync(file, 'utf8')) as State;
}

/** In one step, since others read it at any time. */
function write(file: string, changes: Partial<State>): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ ...read(file), ...changes }));
  renameSync(draft, file);
}

function ownDaemon(file: string): OwnDaemon {
  return { folder: join(cacheFolder(process.env), 'docker'), user: read(file).owner };
}

/** Opens the state of this process's test run, and answers with its file. */
export function openDockerState(): string {
  const file = join(tmpdir(), `holdfast-test-docker-${process.pid}.json`);
  const state: State = { owner: process.pid, preparing: null, answer: null, problem: null };
  writeFileSync(file, JSON.stringify(state));
  return file;
}

/** Stops the daemon that the test run started, if it did. */
export async function closeDockerState(file: string): Promise<void> {
  await leaveOwnDaemon(ownDaemon(file));
  rmSync(file, { force: true });
}

/** Says that a process prepares Docker, for whom others wait. */
export function announcePreparation(file: string, preparing: number): void {
  write(file, { preparing });
}

/** Whether the test run has ended without closing its state. */
export function isAbandoned(file: string): boolean {
  return existsSync(file) && !isAlive(read(file).owner);
}

/** Waits until nobody prepares Docker any more. */
export async function preparationEnded(file: string, say: (line: string) => void): Promise<void> {
  const isUnderWay = (): boolean => isAlive(read(file).preparing ?? 0);
  if (isUnderWay()) say('waiting for the daemon and the images, which are being prepared');
  while (isUnderWay()) await sleep(POLL_MS);
}

/**
 * Sees to a daemon with images, or answers with the reason why the machine has none. Fails with the
 * error of a build that fails by itself; no image is tried twice in a test run.
 */
export async function prepareDocker(
  file: string,
  images: readonly SandboxImage[],
  say: (line: string) => void,
): Promise<DockerAnswer> {
  const answer =
    read(file).answer ?? (await ensureDocker({ env: process.env, own: ownDaemon(file), say }));
  write(file, { answer });
  if (answer.kind === 'unusable') return answer;
  const docker = connect(answer.socketPath);
  if ((await staleImages(docker, images)).length === 0) return answer;
  if (read(file).problem === null) {
    try {
      await buildImages(docker, { images, say });
      return answer;
    } catch (error) {
      write(file, { problem: error instanceof Error ? error.message : String(error) });
    }
  }
  const problem = read(file).problem ?? '';
  if (!MACHINE.test(problem)) throw new Error(problem);
  const [first] = problem.split('\n', 1);
  return { kind: 'unusable', reason: `the sandbox images cannot be made: ${first}` };
}
