import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type Docker from 'dockerode';

/** Whose leftovers are looked for. */
export interface Installation {
  readonly docker: Docker;
  /** Its name, in labels and control groups. */
  readonly installation: string;
  /** Below it are its sandboxes' folders and sockets. */
  readonly folder: string;
  /** Of all containers that it ever had. */
  readonly containerIds: readonly string[];
  /** In the arguments of processes that its sandboxes started, and of no others. */
  readonly mark?: string;
}

/** Containers that are made from now on. */
export interface ContainerWatch extends AsyncDisposable {
  readonly ids: readonly string[];
  /** Of the first of them; undefined before there is one. */
  readonly installation: string | undefined;
}

const CGROUPS = '/sys/fs/cgroup';
const INSTALLATION = /"dev\.holdfast\.installation":"([^"]+)"/;

/** Collects the containers with that label that are made from now on. */
export async function watchContainers(docker: Docker, label: string): Promise<ContainerWatch> {
  const ids: string[] = [];
  let installation: string | undefined;
  const events = (await docker.getEvents({
    filters: { type: ['container'], event: ['create'], label: [label] },
  })) as NodeJS.ReadableStream & { destroy(): void };
  createInterface({ input: events }).on('line', (line) => {
    const id = /"id":"([0-9a-f]{64})"/.exec(line)?.[1];
    if (id !== undefined) ids.push(id);
    installation ??= INSTALLATION.exec(line)?.[1];
  });
  return {
    ids,
    get installation() {
      return installation;
    },
    [Symbol.asyncDispose]: async () => events.destroy(),
  };
}

async function namesBelow(folder: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory());
  const below = await Promise.all(
    folders.map(async ({ name }) =>
      depth > 1 ? namesBelow(path.join(folder, name), depth - 1) : [],
    ),
  );
  return [...folders.map(({ name }) => path.join(folder, name)), ...below.flat()];
}

async function commandLines(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}

/** Names of all volumes of a daemon. */
export async function volumesOf(docker: Docker): Promise<readonly string[]> {
  const { Volumes } = (await docker.listVolumes()) as { Volumes: { Name: string }[] | null };
  return (Volumes ?? []).map(({ Name }) => Name);
}

/** Containers, folders, sockets, processes and control groups that are left, as sentences. */
export async function findLeftovers(of: Installation): Promise<readonly string[]> {
  const label = [`dev.holdfast.installation=${of.installation}`];
  const containers = await of.docker.listContainers({ all: true, filters: { label } });
  const sockets = (await readFile('/proc/net/unix', 'utf8')).split('\n');
  const isOurs = (text: string): boolean =>
    text.includes(of.installation) || of.containerIds.some((id) => text.includes(id));
  return [
    ...containers.map(({ Id, State }) => `container ${Id} (${State})`),
    ...(await namesBelow(of.folder, 1)).map((name) => `folder ${name}`),
    ...sockets.filter((line) => line.includes(of.folder)).map((line) => `socket ${line}`),
    ...(await commandLines())
      .filter((line) => isOurs(line) || (of.mark !== undefined && line.includes(of.mark)))
      .map((line) => `process ${line.replaceAll('\0', ' ')}`),
    ...(await namesBelow(CGROUPS, 4))
      .filter((name) => isOurs(name))
      .map((name) => `cgroup ${name}`),
  ];
}
