import { randomBytes, randomInt } from 'node:crypto';
import type Docker from 'dockerode';
import { AppError } from '../../../contracts/app-error.ts';
import type { GuardedBridge } from './bridge-guard.ts';
import { LABEL } from './container-options.ts';
import { isStatus, messageOf } from './docker-errors.ts';
import { EGRESS_PORT } from './options.ts';

/** A network of one sandbox, as the daemon has it. */
export interface EgressNetwork {
  /** Docker's own, which no other network ever has. */
  readonly id: string;
  readonly name: string;
  readonly guarded: GuardedBridge;
  /** Containers that are on it. */
  readonly members: readonly string[];
}

/** Networks of one installation's sandboxes, each with a bridge of its own, which leads nowhere. */
export interface EgressNetworks {
  find(key: string): Promise<EgressNetwork | undefined>;
  /** Makes it, unless another call is faster. */
  make(key: string): Promise<EgressNetwork>;
  /** Keys of those made before that time. */
  keysUntil(untilMs: number): Promise<readonly string[]>;
}

/** Kept for tests of networks by RFC 2544: nobody's own, and the proxy never dials it. */
const SUBNETS = { prefix: '198.19', size: 8, count: 8_192 } as const;
const SUBNET_TRIES = 20;
/** Of a bridge's name, which no later network may bear: its guard goes when it is gone. */
const BRIDGE_BYTES = 6;
const BRIDGE = 'com.docker.network.bridge.name';

interface Inspected {
  readonly Id: string;
  readonly Name: string;
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

function toNetwork({ Id, Name, IPAM, Options, Containers }: Inspected): EgressNetwork {
  const gateway = IPAM?.Config?.[0]?.Gateway;
  const bridge = Options?.[BRIDGE];
  if (gateway === undefined || bridge === undefined) {
    throw new AppError('sandbox.unavailable', 'the network of a sandbox is not as it was made');
  }
  const guarded = { bridge, gateway, port: EGRESS_PORT };
  return { id: Id, name: Name, guarded, members: Object.keys(Containers ?? {}) };
}

/** Speaks with the daemon about networks; failures are the daemon's own. */
export function createEgressNetworks(docker: Docker, installation: string): EgressNetworks {
  const nameOf = (key: string): string => `holdfast-${installation}-${key}`;
  const find: EgressNetworks['find'] = async (key) => {
    try {
      // The library's type lacks what the daemon says of addresses.
      return toNetwork((await docker.getNetwork(nameOf(key)).inspect()) as Inspected);
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  };
  const create = async (key: string): Promise<void> => {
    await docker.createNetwork({
      ...{ Name: nameOf(key), CheckDuplicate: true, Driver: 'bridge' },
      ...{ Internal: true, EnableIPv6: false, IPAM: { Config: [randomSubnet()] } },
      Options: {
        [BRIDGE]: `hf-${randomBytes(BRIDGE_BYTES).toString('hex')}`,
        'com.docker.network.bridge.enable_icc': 'false',
        'com.docker.network.bridge.enable_ip_masquerade': 'false',
      },
      Labels: { [`${LABEL}.installation`]: installation, [`${LABEL}.id`]: key },
    });
  };
  return {
    find,
    make: async (key) => {
      for (let tries = 1; ; tries += 1) {
        const failure = await create(key).then(
          () => null,
          (error: unknown) => ({ error }),
        );
        const made = await find(key);
        if (made !== undefined) return made;
        const isOverlap = failure !== null && /overlap/i.test(messageOf(failure.error));
        if (failure !== null && (!isOverlap || tries >= SUBNET_TRIES)) throw failure.error;
      }
    },
    keysUntil: async (untilMs) => {
      const filters = { label: [`${LABEL}.installation=${installation}`] };
      const found = await docker.listNetworks({ filters });
      return found.flatMap(({ Created, Labels }) => {
        const key = Labels?.[`${LABEL}.id`];
        return key === undefined || Date.parse(Created) > untilMs ? [] : [key];
      });
    },
  };
}
