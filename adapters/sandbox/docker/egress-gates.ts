import type { NetworkPolicy, NetworkRequest } from '../../../contracts/sandbox.ts';
import type { EgressGate, EgressProxy, GatePlace } from '../egress/proxy.ts';
import type { EgressSecret } from '../egress/secrets.ts';
import { isTaken } from '../egress/listen.ts';
import { isListening } from './socket-probe.ts';

/** The ways out of the sandboxes that this process opened them for, by key. */
export interface EgressGates extends AsyncDisposable {
  /** Lets the sandbox out as the policy says; opens nothing for one that may reach nothing. */
  set(owner: GateOwner, policy: NetworkPolicy, onRequest?: OnRequest): Promise<void>;
  /** Opens the way out anew if no living process holds it open. */
  restore(owner: GateOwner, policy: NetworkPolicy, onRequest?: OnRequest): Promise<void>;
  bytes(key: string): number;
  close(key: string): Promise<void>;
}

/** Headers that the proxy adds for a workspace's sandboxes; they never see the values. */
export type SecretsOf = (workspaceId: string) => readonly EgressSecret[];

/** Whose way out it is. */
export interface GateOwner {
  readonly key: string;
  readonly workspaceId: string;
}

type OnRequest = (request: NetworkRequest) => void;

/** Keeps one gate for each sandbox. */
export function createEgressGates(options: {
  readonly proxy: EgressProxy;
  /** Where the sandbox finds the proxy; makes the way there if there is none. */
  readonly placeOf: (key: string) => Promise<GatePlace>;
  /** Asked once for each gate, when it opens. */
  readonly secretsOf?: SecretsOf;
}): EgressGates {
  const gates = new Map<string, EgressGate>();
  const close = async (key: string): Promise<void> => {
    const gate = gates.get(key);
    gates.delete(key);
    await gate?.close();
  };
  const set: EgressGates['set'] = async ({ key, workspaceId }, policy, onRequest) => {
    const gate = gates.get(key);
    gate?.update(policy);
    if (gate !== undefined || policy.allow.length === 0) return;
    const opened = await options.proxy.open({
      ...(await options.placeOf(key)),
      policy,
      secrets: options.secretsOf?.(workspaceId) ?? [],
      onRequest: onRequest ?? (() => undefined),
    });
    gates.set(key, opened);
  };
  return {
    set,
    restore: async (owner, policy, onRequest) => {
      const { key } = owner;
      if (gates.has(key) || policy.allow.length === 0) return;
      const place = await options.placeOf(key);
      if ('address' in place ? await isTaken(place.address) : await isListening(place.socketPath))
        return;
      await set(owner, policy, onRequest);
    },
    bytes: (key) => {
      const usage = gates.get(key)?.usage();
      return usage === undefined ? 0 : usage.bytesIn + usage.bytesOut;
    },
    close,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...gates.keys()].map(close));
    },
  };
}
