import path from 'node:path';
import type { NetworkPolicy, NetworkRequest } from '../../../contracts/sandbox.ts';
import type { EgressGate, EgressProxy } from '../egress/proxy.ts';
import { isListening } from './socket-probe.ts';

/** The ways out of the sandboxes that this process opened them for, by key. */
export interface EgressGates extends AsyncDisposable {
  /** Lets the sandbox out as the policy says; opens nothing for one that may reach nothing. */
  set(key: string, policy: NetworkPolicy, onRequest?: OnRequest): Promise<void>;
  /** Opens the way out anew if no living process holds it open. */
  restore(key: string, policy: NetworkPolicy): Promise<void>;
  bytes(key: string): number;
  close(key: string): Promise<void>;
}

type OnRequest = (request: NetworkRequest) => void;

/** Name of the proxy's socket in a sandbox's folder. */
export const EGRESS_SOCKET = 'egress.sock';

/** Keeps one gate for each sandbox; `onRequest` hears of those whose creator gave no listener. */
export function createEgressGates(options: {
  readonly proxy: EgressProxy;
  readonly folderOf: (key: string) => string;
  readonly onRequest: (key: string, request: NetworkRequest) => void;
}): EgressGates {
  const gates = new Map<string, EgressGate>();
  const socketOf = (key: string): string => path.join(options.folderOf(key), EGRESS_SOCKET);
  const close = async (key: string): Promise<void> => {
    const gate = gates.get(key);
    gates.delete(key);
    await gate?.close();
  };
  const set: EgressGates['set'] = async (key, policy, onRequest) => {
    const gate = gates.get(key);
    gate?.update(policy);
    if (gate !== undefined || policy.allow.length === 0) return;
    const opened = await options.proxy.open({
      socketPath: socketOf(key),
      policy,
      onRequest: onRequest ?? ((request) => options.onRequest(key, request)),
    });
    gates.set(key, opened);
  };
  return {
    set,
    restore: async (key, policy) => {
      if (gates.has(key) || policy.allow.length === 0) return;
      if (!(await isListening(socketOf(key)))) await set(key, policy);
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
