import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { mayDial } from './address.ts';
import { formatTarget, type Target } from './host.ts';

/** Addresses of a name. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Connects to an address that was checked before; the socket lets either side end alone. */
export type Dial = (to: { readonly address: string; readonly port: number }) => Socket;

/** How to get outside. */
export interface Outside {
  readonly resolve: Resolve;
  readonly dial: Dial;
  /** Names that may have private addresses, with a port or without. */
  readonly privateHosts: readonly string[];
  readonly connectTimeoutMs: number;
}

/** Why no connection could be made; `refused` says that the policy, not the network, is why. */
export class NoUpstream extends Error {
  readonly refused: boolean;

  constructor(message: string, refused: boolean) {
    super(message);
    this.refused = refused;
  }
}

const MAX_ATTEMPTS = 3;

/** Asks the system's resolver, which need not know that names below `localhost` are this machine. */
export const resolveBySystem: Resolve = async (host) =>
  host.endsWith('.localhost')
    ? ['127.0.0.1']
    : (await lookup(host, { all: true })).map(({ address }) => address);

/** Dials directly. */
export const dialDirectly: Dial = ({ address, port }) =>
  connect({ host: address, port, allowHalfOpen: true, noDelay: true });

/**
 * Resolves once, checks every address and dials one of those: a name that changes its addresses in
 * between cannot lead elsewhere. Throws `NoUpstream`.
 */
export async function connectUpstream(target: Target, outside: Outside): Promise<Socket> {
  const addresses = await checkedAddresses(target, outside);
  let cause = '';
  for (const address of addresses.slice(0, MAX_ATTEMPTS)) {
    const socket = outside.dial({ address, port: target.port });
    const failure = await connected(socket, outside.connectTimeoutMs);
    if (failure === null) return socket;
    socket.destroy();
    cause = failure;
  }
  throw new NoUpstream(`${target.host}:${target.port} cannot be reached: ${cause}`, false);
}

async function checkedAddresses(target: Target, outside: Outside): Promise<readonly string[]> {
  const names = [target.host, formatTarget(target, 0)];
  const isOpened = outside.privateHosts.some((opened) => names.includes(opened));
  const addresses = target.isAddress ? [target.host] : await resolved(target.host, outside);
  if (addresses.length === 0) throw new NoUpstream(`${target.host} has no address`, false);
  // One bad address condemns them all: a mixed answer is how rebinding begins.
  if (!addresses.every((address) => mayDial(address, isOpened))) {
    throw new NoUpstream(`${target.host} leads to an address that is not public`, true);
  }
  return addresses;
}

async function resolved(host: string, outside: Outside): Promise<readonly string[]> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('timeout')), outside.connectTimeoutMs);
  try {
    return await Promise.race([outside.resolve(host), late.promise]);
  } catch {
    throw new NoUpstream(`${host} cannot be resolved`, false);
  } finally {
    clearTimeout(timer);
  }
}

function connected(socket: Socket, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('no answer in time'), timeoutMs);
    const settle = (failure: string | null) => {
      clearTimeout(timer);
      resolve(failure);
    };
    socket.once('connect', () => settle(null));
    // Stays: an error later on must not be an uncaught one.
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'failed'));
  });
}
