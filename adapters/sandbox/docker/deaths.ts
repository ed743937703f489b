import { setTimeout as sleep } from 'node:timers/promises';
import { followDockerEvents } from './docker-events.ts';
import { deathReason } from './death-reason.ts';
import { containerName } from './container-options.ts';
import { isStatus } from './docker-errors.ts';
import { isListening } from './socket-probe.ts';
import type { SandboxDeath } from '../port.ts';
import type { ContainerEvent } from './docker-events.ts';
import { RUNNER_SOCKET, type SandboxFolders } from './sandbox-folders.ts';
import type Docker from 'dockerode';

/** Tells of sandboxes' deaths, with reasons, to all who wait for them in this process. */
export interface Deaths extends AsyncDisposable {
  /** Resolves when deaths are noticed; rejects when the daemon cannot be reached. */
  watch(): Promise<void>;
  /** Resolves when that sandbox, born at that time, has died; an earlier one of its name is not it. */
  of(id: string, bornAtMs: number): Promise<SandboxDeath>;
}

interface Watched {
  readonly death: PromiseWithResolvers<SandboxDeath>;
  readonly bornAtMs: number;
  oom: boolean;
  signal: number | null;
}

/** Missed events follow within that time after a reconnection. */
const REPLAY_MS = 500;

/** Collects the signs of a death, and reads them when it comes. */
function toDeath(entry: Watched, event: ContainerEvent): SandboxDeath | undefined {
  if (event.atMs < entry.bornAtMs) return undefined;
  if (event.action === 'oom') entry.oom = true;
  if (event.action === 'kill') entry.signal = event.signal;
  if (event.action !== 'die' && event.action !== 'destroy') return undefined;
  const { oom, signal } = entry;
  return deathReason({ exitCode: event.exitCode, oom, signal, daemonLost: false });
}

/** How a sandbox fared while no events came; undefined if it lives or might. */
async function findDeath(
  docker: Docker,
  folders: SandboxFolders,
  id: string,
): Promise<SandboxDeath | undefined> {
  try {
    const { State: state } = await docker.getContainer(containerName(id)).inspect();
    if (state.Running) return undefined;
    const signs = { exitCode: state.ExitCode, oom: state.OOMKilled, signal: null };
    return deathReason({ ...signs, daemonLost: true });
  } catch (error) {
    const gone = deathReason({ exitCode: null, oom: false, signal: null, daemonLost: true });
    if (isStatus(error, 404)) return gone;
    // Without a daemon only the sandbox itself can tell; a silent one is not dead for sure.
    if ((await folders.read(id))?.transport === 'attach') return undefined;
    return (await isListening(`${folders.pathOf(id)}/${RUNNER_SOCKET}`)) ? undefined : gone;
  }
}

/** Buries the sandbox born at that time, not a later one of its name; answers with its death. */
async function buryOnly(
  folders: SandboxFolders,
  id: string,
  { found, bornAtMs }: { readonly found: SandboxDeath; readonly bornAtMs: number },
): Promise<SandboxDeath> {
  try {
    const record = await folders.read(id);
    if (record !== undefined && Date.parse(record.createdAt) !== bornAtMs) return found;
    // Who removes it on purpose has noted why, and clears up.
    if (record?.death !== undefined) return record.death;
    const death = await folders.bury(id, found);
    await folders.removeFolder(id);
    return death;
  } catch {
    return found;
  }
}

/** Follows Docker's events; `onDeath` hears of every death that someone waits for, once. */
export function createDeaths(options: {
  readonly docker: Docker;
  readonly installation: string;
  readonly folders: SandboxFolders;
  readonly onDeath: (id: string) => void;
}): Deaths {
  const { docker, folders } = options;
  const watched = new Map<string, Watched>();
  let events: ReturnType<typeof followDockerEvents> | undefined;

  const settle = async (id: string, found: SandboxDeath): Promise<void> => {
    const entry = watched.get(id);
    watched.delete(id);
    if (entry === undefined) return;
    const death = await buryOnly(folders, id, { found, bornAtMs: entry.bornAtMs });
    options.onDeath(id);
    entry.death.resolve(death);
  };
  const onEvent = (event: ContainerEvent): void => {
    const entry = watched.get(event.id);
    const death = entry === undefined ? undefined : toDeath(entry, event);
    if (death !== undefined) void settle(event.id, death);
  };
  const lookAfter = async (id: string): Promise<void> => {
    const death = await findDeath(docker, folders, id);
    if (death !== undefined) await settle(id, death);
  };
  const onGap = (reconnected: boolean): void => {
    void (async () => {
      await sleep(reconnected ? REPLAY_MS : 0, undefined, { ref: false });
      await Promise.all([...watched.keys()].map(lookAfter));
    })();
  };
  return {
    watch: async () => {
      events ??= followDockerEvents({ ...options, onEvent, onGap });
      try {
        await events.ready;
      } catch (error) {
        // The next one who asks tries anew.
        events = undefined;
        throw error;
      }
    },
    of: (id, bornAtMs) => {
      const known = watched.get(id);
      if (known?.bornAtMs === bornAtMs) return known.death.promise;
      const death = Promise.withResolvers<SandboxDeath>();
      known?.death.resolve({ reason: 'unknown', detail: 'another one has its name' });
      const entry: Watched = { death, bornAtMs, oom: false, signal: null };
      watched.set(id, entry);
      return entry.death.promise;
    },
    [Symbol.asyncDispose]: async () => {
      await events?.[Symbol.asyncDispose]();
      watched.clear();
    },
  };
}
