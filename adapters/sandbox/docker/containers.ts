import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { LABEL, containerName, containerOptions } from './container-options.ts';
import { isStatus } from './docker-errors.ts';
import type { ContainerPlan } from './container-options.ts';
import type Docker from 'dockerode';

/** What state a container of ours is in. */
export type ContainerState = 'running' | 'paused' | 'dead' | 'gone';

/** A container of ours, as Docker lists it. */
export interface ListedContainer {
  readonly key: string;
  readonly workspaceId: string;
  readonly image: string;
  readonly imageId: string;
  readonly state: Exclude<ContainerState, 'gone'>;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** The container that bears a sandbox's name at this moment. */
export interface FoundContainer {
  /** Docker's own, which no other container ever has. */
  readonly containerId: string;
  readonly state: 'created' | 'running' | 'paused' | 'dead';
  readonly createdAtMs: number;
}

/** The containers of one installation. */
export interface Containers {
  /** Answers with its id; undefined if one of that name is there or being made. */
  create(plan: ContainerPlan): Promise<string | undefined>;
  /** Starting a running one is no failure. */
  start(containerId: string): Promise<void>;
  state(key: string): Promise<ContainerState>;
  /** Undefined if there is none, also while one is still being made. */
  find(key: string): Promise<FoundContainer | undefined>;
  /** Kills that one and waits until it is gone; a later one of its name stays. */
  removeOnly(containerId: string): Promise<void>;
  /** Number of its first process here; null if it does not live, or not on this machine. */
  hostPid(key: string): Promise<number | null>;
  pause(key: string): Promise<void>;
  resume(key: string): Promise<void>;
  /** Kills it and waits until it is gone; false if there was none. */
  remove(key: string): Promise<boolean>;
  list(workspaceId?: string): Promise<readonly ListedContainer[]>;
}

const GONE_POLL_MS = 20;
const GONE_LIMIT_MS = 10_000;
/** A container that nobody started for so long never will be. */
const START_LIMIT_MS = 60_000;

function stateOf(info: Docker.ContainerInfo): ListedContainer['state'] {
  if (info.State === 'paused' || info.State === 'running') return info.State;
  const isYoung = Date.now() - info.Created * 1000 < START_LIMIT_MS;
  return info.State === 'created' && isYoung ? 'running' : 'dead';
}

function toListed(info: Docker.ContainerInfo): ListedContainer {
  const label = (name: string): string => info.Labels[`${LABEL}.${name}`] ?? '';
  return {
    key: label('id'),
    workspaceId: label('workspace'),
    image: label('image'),
    imageId: info.ImageID,
    state: stateOf(info),
    createdAt: new Date(info.Created * 1000).toISOString(),
    expiresAt: label('expires'),
  };
}

async function findContainer(container: Docker.Container): Promise<FoundContainer | undefined> {
  try {
    const { Id: containerId, Created, State: found } = await container.inspect();
    const living = found.Paused ? 'paused' : found.Running ? 'running' : 'dead';
    const state = found.Status === 'created' ? 'created' : living;
    return { containerId, state, createdAtMs: Date.parse(Created) };
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

async function inspectState(container: Docker.Container): Promise<ContainerState> {
  const found = await findContainer(container);
  if (found === undefined) return 'gone';
  return found.state === 'created' ? 'dead' : found.state;
}

async function waitUntilGone(container: Docker.Container): Promise<void> {
  const limit = Date.now() + GONE_LIMIT_MS;
  while (Date.now() < limit) {
    if ((await inspectState(container)) === 'gone') return;
    await sleep(GONE_POLL_MS);
  }
  throw new Error('the container is still being removed');
}

async function removeContainer(container: Docker.Container): Promise<boolean> {
  try {
    await container.remove({ force: true, v: true });
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    // Someone else, or Docker itself, is at it.
    if (!isStatus(error, 409)) throw error;
    await waitUntilGone(container);
    return true;
  }
}

/** Speaks with the daemon about containers; failures are the daemon's own. */
export function createContainers(docker: Docker, installation: string): Containers {
  const get = (key: string): Docker.Container => docker.getContainer(containerName(key));
  const state = (key: string): Promise<ContainerState> => inspectState(get(key));
  return {
    state,
    create: async (plan) => {
      try {
        return (await docker.createContainer(containerOptions(plan))).id;
      } catch (error) {
        if (isStatus(error, 409)) return undefined;
        throw error;
      }
    },
    find: (key) => findContainer(get(key)),
    removeOnly: async (containerId) => {
      await removeContainer(docker.getContainer(containerId));
    },
    start: async (containerId) => {
      try {
        await docker.getContainer(containerId).start();
      } catch (error) {
        if (!isStatus(error, 304)) throw error;
      }
    },
    hostPid: async (key) => {
      const { Id, State: found } = await get(key).inspect();
      // A daemon elsewhere has numbers of its own.
      const groups = await readFile(`/proc/${found.Pid}/cgroup`, 'utf8').catch(() => '');
      return found.Running && groups.includes(Id) ? found.Pid : null;
    },
    pause: async (key) => {
      try {
        await get(key).pause();
      } catch (error) {
        if ((await state(key)) !== 'paused') throw error;
      }
    },
    resume: async (key) => {
      try {
        await get(key).unpause();
      } catch (error) {
        // The daemon's own note of it lags behind when both follow each other at once.
        const runs = error instanceof Error && error.message.includes('is not paused');
        if (!runs && (await state(key)) !== 'running') throw error;
      }
    },
    remove: (key) => removeContainer(get(key)),
    list: async (workspaceId) => {
      const label = [`${LABEL}.installation=${installation}`];
      if (workspaceId !== undefined) label.push(`${LABEL}.workspace=${workspaceId}`);
      const found = await docker.listContainers({ all: true, filters: { label } });
      return found.map(toListed);
    },
  };
}
