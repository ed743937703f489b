import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type Docker from 'dockerode';
import { DEFAULT_SANDBOX_LIMITS, NO_NETWORK } from '../../../contracts/sandbox.ts';
import { connectRunner } from '../runner/runner-client.ts';
import type { RunnerEndpoint } from '../runner/connector.ts';
import { attachWire } from './attach-wire.ts';
import { containerName } from './container-options.ts';
import { messageOf } from './docker-errors.ts';
import type { Containers } from './containers.ts';
import type { DockerHost } from './docker-host.ts';
import type { DockerDriverOptions } from './options.ts';
import { READY_MS, imageNameOf } from './options.ts';
import { runnerArgs } from './runner-args.ts';
import {
  MEMORY,
  RUNNER_SOCKET,
  type SandboxFolders,
  type SandboxTransport,
} from './sandbox-folders.ts';
import type { SandboxSpec } from '../port.ts';

/** How the runners of new sandboxes are reached. */
export interface ChosenTransport {
  readonly transport: SandboxTransport;
  /** A part of a sentence, for who asks. */
  readonly why: string;
}

/** What a choice is made with. */
export interface TransportParts {
  readonly docker: Docker;
  readonly options: DockerDriverOptions;
  readonly host: DockerHost;
  readonly containers: Containers;
  readonly folders: SandboxFolders;
}

const TTL_MS = 60_000;
/** Shorter: where sockets cannot be shared, it is waited for in vain. */
const SOCKET_MS = 10_000;

/** Where the runner of a sandbox answers. */
export function endpointOf(
  { docker, folders }: Pick<TransportParts, 'docker' | 'folders'>,
  key: string,
  transport: SandboxTransport,
): RunnerEndpoint {
  if (transport === 'attach') return { open: () => attachWire(docker, key) };
  return { socketPath: path.join(folders.pathOf(key), RUNNER_SOCKET) };
}

/** Starts a sandbox and greets its runner; fails if that cannot be reached. */
async function tryOut(
  parts: TransportParts,
  transport: SandboxTransport,
  image: SandboxSpec['image'],
): Promise<void> {
  const { docker, options, folders, containers } = parts;
  const key = `transport_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const times = { ttlMs: TTL_MS, maxTtlMs: TTL_MS };
  const spec: SandboxSpec = {
    ...{ id: key, workspaceId: 'probe', runId: null, image },
    ...{ limits: DEFAULT_SANDBOX_LIMITS, network: NO_NETWORK, ...times },
  };
  try {
    await folders.open(key);
    const containerId = await containers.create({
      ...{ spec, transport, imageName: imageNameOf(options, image) },
      folder: folders.pathOf(key),
      runnerArgs: runnerArgs(spec, transport),
      installation: options.installation,
      expiresAt: new Date(Date.now() + TTL_MS).toISOString(),
      cgroupParent: undefined,
      runtime: options.runtime?.name,
      network: undefined,
      tellingFilter: null,
    });
    if (containerId === undefined) return;
    const ended = docker.getContainer(containerName(key)).wait({ condition: 'next-exit' });
    const detail = 'its first process ended at once';
    const died = ended.then(
      () => ({ reason: 'unknown', detail }) as const,
      () => ({ reason: 'unknown', detail }) as const,
    );
    await containers.start(containerId);
    const endpoint = endpointOf(parts, key, transport);
    const readyMs = transport === 'socket' ? SOCKET_MS : READY_MS;
    await (await connectRunner({ endpoint, died, readyMs }))[Symbol.asyncDispose]();
  } finally {
    await containers.remove(key).catch(() => undefined);
    await folders.forget(key, key);
  }
}

async function choose(
  parts: TransportParts,
  image: SandboxSpec['image'],
): Promise<ChosenTransport> {
  try {
    await tryOut(parts, 'socket', image);
    return { transport: 'socket', why: 'a socket in a shared folder was reached' };
  } catch (error) {
    // Whatever has nothing to do with the socket fails once more, and that failure is told.
    await tryOut(parts, 'attach', image);
    return {
      transport: 'attach',
      why: `a socket in a shared folder was not reached: ${messageOf(error)}`,
    };
  }
}

interface Remembered extends ChosenTransport {
  readonly daemon: string;
}

async function recall({ folders, host }: TransportParts): Promise<ChosenTransport | undefined> {
  try {
    // Only this module writes there.
    const text = await readFile(path.join(folders.root, MEMORY), 'utf8');
    const { daemon, transport, why } = JSON.parse(text) as Remembered;
    return daemon === host.id ? { transport, why } : undefined;
  } catch {
    return undefined;
  }
}

async function remember(parts: TransportParts, chosen: ChosenTransport): Promise<void> {
  const file = path.join(parts.folders.root, MEMORY);
  const draft = `${file}.${randomUUID()}.tmp`;
  const remembered: Remembered = { daemon: parts.host.id, ...chosen };
  await writeFile(draft, JSON.stringify(remembered), { mode: 0o600 });
  await rename(draft, file);
}

/**
 * Answers how runners are reached: as the options say, or as a real start showed, once for a daemon
 * and a folder.
 */
export function createTransportChoice(
  parts: TransportParts,
): (image: SandboxSpec['image']) => Promise<ChosenTransport> {
  const forced = parts.options.transport ?? 'auto';
  let choice: Promise<ChosenTransport> | undefined;
  const find = async (image: SandboxSpec['image']): Promise<ChosenTransport> => {
    const known = await recall(parts);
    if (known !== undefined) return known;
    const chosen = await choose(parts, image);
    await remember(parts, chosen);
    return chosen;
  };
  return async (image) => {
    if (forced !== 'auto') return { transport: forced, why: 'the configuration says so' };
    choice ??= find(image);
    try {
      return await choice;
    } catch (error) {
      // The next one who asks tries anew.
      choice = undefined;
      throw error;
    }
  };
}
