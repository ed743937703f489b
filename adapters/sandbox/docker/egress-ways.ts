import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { AppError } from '../../../contracts/app-error.ts';
import type { ListenAddress } from '../egress/listen.ts';
import type { Firewall, GuardedBridge } from './bridge-guard.ts';
import { LABEL, containerName } from './container-options.ts';
import { isStatus, messageOf } from './docker-errors.ts';
import { EGRESS_PORT } from './options.ts';

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

/** Kept for tests of networks by RFC 2544: nobody's own, and the proxy never dials it. */
const SUBNETS = { prefix: '198.19', size: 8, count: 8_192 } as const;
const SUBNET_TRIES = 20;
const REMOVE_TRIES = 50;
const REMOVE_PAUSE_MS = 100;
/** Of a bridge's name, which no later network may bear: its guard goes when it is gone. */
const BRIDGE_BYTES = 6;
const BRIDGE = 'com.docker.network.bridge.name';

interface FoundNetwork {
  readonly Id: string;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string }[] };
  readonly Containers?: Readonly<Record<string, unknown>> | null;
}

function randomSubnet(): { readonly Subnet: string; readonly Gateway: string } {
  const first = randomInt(SUBNETS.count) * SUBNETS.size;
  const at = (offset: number): string =>
    `${SUBNETS.prefix}.${(first + offset) >> 8}.${(first + offset) & 255}`;
  return { Subnet: `${at(0)}/29`, Gateway: at(1) };
}

function guardedOf({ IPAM, Options }: FoundNetwork): GuardedBridge {
  const gateway = IPAM?.Config?.[0]?.Gateway;
  const bridge = Options?.[BRIDGE];
  if (gateway === undefined || bridge === undefined) {
    throw new AppError('sandbox.unavailable', 'the network of a sandbox is not as it was made');
  }
  return { bridge, gateway, port: EGRESS_PORT };
}

/** Speaks with the daemon about networks of one installation's sandboxes. */
export function createEgressWays(
  docker: Docker,
  { installation, firewall }: { readonly installation: string; readonly firewall: Firewall },
): EgressWays {
  const networkOf = (key: string): string => `holdfast-${installation}-${key}`;
  const find = async (key: string): Promise<FoundNetwork | undefined> => {
    try {
      // The library's type lacks what the daemon says of addresses.
      return (await docker.getNetwork(networkOf(key)).inspect()) as FoundNetwork;
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  };
  const make = async (key: string): Promise<FoundNetwork> => {
    for (let tries = 1; ; tries += 1) {
      try {
        await docker.createNetwork({
          ...{ Name: networkOf(key), CheckDuplicate: true, Driver: 'bridge' },
          ...{ Internal: true, EnableIPv6: false, IPAM: { Config: [randomSubnet()] } },
          Options: {
            [BRIDGE]: `hf-${randomBytes(BRIDGE_BYTES).toString('hex')}`,
            'com.docker.network.bridge.enable_icc': 'false',
            'com.docker.network.bridge.enable_ip_masquerade': 'false',
          },
          Labels: { [`${LABEL}.installation`]: installation, [`${LABEL}.id`]: key },
        });
      } catch (error) {
        const found = await find(key);
        if (found === undefined && tries >= SUBNET_TRIES) throw error;
        if (found === undefined && !/overlap/i.test(messageOf(error))) throw error;
      }
      const made = await find(key);
      if (made !== undefined) return made;
    }
  };
  const close: EgressWays['close'] = async (key) => {
    for (let tries = 1; ; tries += 1) {
      const network = await find(key);
      if (network === undefined) return;
      try {
        await docker.getNetwork(network.Id).remove();
        // Last of all: nothing may be on the bridge when its guard goes.
        await firewall.unguard(guardedOf(network));
        return;
      } catch (error) {
        if (tries >= REMOVE_TRIES) throw error;
      }
      // Docker is still taking the container off it.
      await sleep(REMOVE_PAUSE_MS);
    }
  };
  const open: EgressWays['open'] = async (key) => {
    const network = (await find(key)) ?? (await make(key));
    const guarded = guardedOf(network);
    try {
      await firewall.guard(guarded);
    } catch (error) {
      // Nothing may be on it without its guard.
      for (const container of Object.keys(network.Containers ?? {})) {
        await docker.getNetwork(network.Id).disconnect({ Container: container, Force: true });
      }
      await close(key);
      throw error;
    }
    return { network: networkOf(key), address: { host: guarded.gateway, port: guarded.port } };
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
      for (const other of present) {
        await docker.getNetwork(other).disconnect({ Container: container, Force: true });
      }
      await docker.getNetwork(network).connect({ Container: container });
      return address;
    },
    sweep: async (living, untilMs) => {
      const filters = { label: [`${LABEL}.installation=${installation}`] };
      let removed = 0;
      for (const { Created, Labels } of await docker.listNetworks({ filters })) {
        const key = Labels?.[`${LABEL}.id`];
        if (key === undefined || living.has(key) || Date.parse(Created) > untilMs) continue;
        await close(key);
        removed += 1;
      }
      return removed;
    },
  };
}
