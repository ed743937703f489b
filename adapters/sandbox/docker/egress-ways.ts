import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ListenAddress } from '../egress/listen.ts';
import type { Firewall } from './bridge-guard.ts';
import { containerName } from './container-options.ts';
import { createEgressNetworks } from './egress-networks.ts';

/** Networks of sandboxes that share no folder with their host: one each, to the proxy alone. */
export interface EgressWays {
  /** Makes the sandbox's network, if there is none, behind a guard; throws `sandbox.unavailable`. */
  open(key: string): Promise<{ readonly network: string; readonly address: ListenAddress }>;
  /** Puts its living container on it; answers with where the proxy has to listen. */
  join(key: string): Promise<ListenAddress>;
  /** Removes it with its guard, once its container is gone; nothing to do is success. */
  close(key: string): Promise<void>;
  /** Removes those of no living sandbox that were made before that time. */
  sweep(living: ReadonlySet<string>, untilMs: number): Promise<number>;
}

const REMOVE_TRIES = 50;
const REMOVE_PAUSE_MS = 100;

/** Opens ways for sandboxes of one installation; none of them is ever open without its guard. */
export function createEgressWays(
  docker: Docker,
  { installation, firewall }: { readonly installation: string; readonly firewall: Firewall },
): EgressWays {
  const networks = createEgressNetworks(docker, installation);
  const leave = (id: string, container: string): Promise<unknown> =>
    docker.getNetwork(id).disconnect({ Container: container, Force: true });
  const close: EgressWays['close'] = async (key) => {
    for (let tries = 1; ; tries += 1) {
      const network = await networks.find(key);
      if (network === undefined) return;
      try {
        await docker.getNetwork(network.id).remove();
        // Last of all: nothing may be on the bridge when its guard goes.
        await firewall.unguard(network.guarded);
        return;
      } catch (error) {
        if (tries >= REMOVE_TRIES) throw error;
      }
      // Docker is still taking the container off it.
      await sleep(REMOVE_PAUSE_MS);
    }
  };
  const open: EgressWays['open'] = async (key) => {
    const network = (await networks.find(key)) ?? (await networks.make(key));
    const { guarded, id, name, members } = network;
    try {
      await firewall.guard(guarded);
    } catch (error) {
      for (const container of members) await leave(id, container);
      await close(key);
      throw error;
    }
    return { network: name, address: { host: guarded.gateway, port: guarded.port } };
  };
  return {
    open,
    close,
    join: async (key) => {
      const { network, address } = await open(key);
      const container = containerName(key);
      const { NetworkSettings } = await docker.getContainer(container).inspect();
      const present = Object.keys(NetworkSettings.Networks);
      if (present.includes(network)) return address;
      for (const other of present) await leave(other, container);
      await docker.getNetwork(network).connect({ Container: container });
      return address;
    },
    sweep: async (living, untilMs) => {
      const keys = await networks.keysUntil(untilMs);
      const left = keys.filter((key) => !living.has(key));
      for (const key of left) await close(key);
      return left.length;
    },
  };
}
