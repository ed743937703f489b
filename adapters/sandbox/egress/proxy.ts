import type { NetworkPolicy, NetworkRequest } from '../../../contracts/sandbox.ts';
import { DEFAULT_TUNING, type EgressTuning } from './gate-context.ts';
import { createGateServer } from './gate-server.ts';
import { Ledger, type EgressUsage } from './ledger.ts';
import { listenAtAddress, listenInForeignFolder, type ListenAddress } from './listen.ts';
import { PRESETS } from './presets.ts';
import type { Presets } from './rules.ts';
import { compileSecrets, type EgressSecret } from './secrets.ts';
import { dialDirectly, resolveBySystem, type Dial, type Resolve } from './upstream.ts';

/** What an operator decides for all sandboxes of this process. */
export interface EgressOptions {
  readonly resolve?: Resolve;
  readonly dial?: Dial;
  readonly presets?: Presets;
  /** Names and addresses that may be private, if a policy allows them too; with a port: there only. */
  readonly privateHosts?: readonly string[];
  readonly ca?: readonly string[];
  readonly tuning?: Partial<EgressTuning>;
}

/** Where a sandbox finds its way out. */
export type GatePlace =
  /** In a folder of the sandbox's user; the folder around that one must not be. */
  | { readonly socketPath: string }
  /** On a network of the sandbox alone; the host's firewall keeps all others away. */
  | { readonly address: ListenAddress };

/** One sandbox's way out. */
export type GateSpec = GatePlace & {
  readonly policy: NetworkPolicy;
  readonly secrets?: readonly EgressSecret[];
  /** Told of each request when it ends, allowed or not. */
  readonly onRequest: (request: NetworkRequest) => void;
};

/** An open way out; nothing passes once it is closed. */
export interface EgressGate {
  /** Throws `agent.invalid_spec`, and then nothing changes; cuts off what is no longer allowed. */
  update(policy: NetworkPolicy): void;
  usage(): EgressUsage;
  close(): Promise<void>;
}

/** Opens ways out of sandboxes, one for each, that speak the protocol of HTTP proxies. */
export interface EgressProxy {
  open(spec: GateSpec): Promise<EgressGate>;
}

/** The only way out of a sandbox: it resolves, checks, connects, counts and reports. */
export function createEgressProxy(options: EgressOptions = {}): EgressProxy {
  const tuning = { ...DEFAULT_TUNING, ...options.tuning };
  const outside = {
    resolve: options.resolve ?? resolveBySystem,
    dial: options.dial ?? dialDirectly,
    privateHosts: options.privateHosts ?? [],
    connectTimeoutMs: tuning.connectTimeoutMs,
  };
  return {
    open: async (spec) => {
      const { policy, secrets = [], onRequest } = spec;
      const presets = options.presets ?? PRESETS;
      const ledger = new Ledger(policy, { presets, onRequest, maxFlows: tuning.maxConnections });
      const routeOf = compileSecrets(secrets);
      const context = { ledger, outside, tuning, routeOf, ca: options.ca ?? [] };
      const gate = createGateServer(context);
      const unlisten =
        'address' in spec
          ? await listenAtAddress(gate.server, spec.address)
          : await listenInForeignFolder(gate.server, spec.socketPath);
      return {
        update: (next) => ledger.update(next),
        usage: () => ledger.usage,
        close: async () => {
          await unlisten();
          ledger.cutAll('the network was closed');
          await gate.close();
        },
      };
    },
  };
}
