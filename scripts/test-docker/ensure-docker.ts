import { candidateSockets, findSocket } from '../sandbox-images/docker-connection.ts';
import { installDocker, isInstalled } from './install-docker.ts';
import { joinOwnDaemon } from './own-daemon.ts';
import type { OwnDaemon } from './own-daemon.ts';

/** A daemon that can be used, or why there is none. */
export type DockerAnswer =
  | { readonly kind: 'usable'; readonly socketPath: string }
  | { readonly kind: 'unusable'; readonly reason: string };

/** How to look for a daemon. */
export interface EnsureDockerOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The daemon to start where the machine has none. */
  readonly own: OwnDaemon;
  readonly say: (line: string) => void;
}

function unusable(reason: string): DockerAnswer {
  return { kind: 'unusable', reason };
}

function usable(socketPath: string): DockerAnswer {
  return { kind: 'usable', socketPath };
}

/**
 * Finds a daemon that answers; else, as root on a Debian or Ubuntu, installs and starts one of its
 * own. `HOLDFAST_TEST_DOCKER=own` leaves running daemons alone, `=none` does without any.
 */
export async function ensureDocker(options: EnsureDockerOptions): Promise<DockerAnswer> {
  const { env, own, say } = options;
  const wanted = env.HOLDFAST_TEST_DOCKER ?? '';
  if (wanted === 'none') return unusable('HOLDFAST_TEST_DOCKER=none rules Docker out');
  if (wanted !== 'own') {
    const found = await findSocket(env);
    if (found !== undefined) return usable(found);
  }
  const tried =
    wanted === 'own'
      ? 'HOLDFAST_TEST_DOCKER=own asks for a daemon of the tests'
      : `no Docker daemon answers at ${candidateSockets(env).join(' or ') || 'DOCKER_HOST'}`;
  if ((env.DOCKER_HOST ?? '') !== '') return unusable(tried);
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return unusable(`${tried}, and only root on Linux can start one`);
  }
  if (!(await isInstalled())) {
    const problem = await installDocker(say);
    if (problem !== undefined) return unusable(`${tried}, and ${problem}`);
    // A system's service manager may have started the daemon that was just installed.
    const started = wanted === 'own' ? undefined : await findSocket(env);
    if (started !== undefined) return usable(started);
  }
  try {
    return usable(await joinOwnDaemon(own, say));
  } catch (error) {
    return unusable(`${tried}, and ${error instanceof Error ? error.message : String(error)}`);
  }
}
