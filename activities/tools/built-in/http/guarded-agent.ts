import { Agent, buildConnector } from 'undici';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { AppError } from '../../../../contracts/app-error.ts';
import { checkTarget, isAllowed, type AllowHosts } from './target.ts';
import { isPublicAddress } from './address.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const HEADERS_TIMEOUT_MS = 20_000;
const BODY_TIMEOUT_MS = 20_000;

/** Resolves a host name to all of its addresses. */
export type ResolveHost = (hostname: string) => Promise<readonly LookupAddress[]>;

type LookupCallback = (
  error: Error | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** Every answer must be public: a mixed one is an attempt to get the private one used. */
export async function resolvePublic(
  hostname: string,
  resolve: ResolveHost,
): Promise<readonly LookupAddress[]> {
  const addresses = await resolve(hostname);
  if (addresses.length === 0) throw new AppError('tool.failed', `${hostname} has no address`);
  const bad = addresses.some(({ address }) => !isPublicAddress(address));
  if (bad) throw new AppError('tool.refused', `${hostname} has an address that is not public`);
  return addresses;
}

/** A `lookup` for sockets: the addresses that were checked are the ones connected to. */
function publicLookup(resolve: ResolveHost) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    resolvePublic(hostname, resolve).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true || first === undefined) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error('lookup failed'), []);
      },
    );
  };
}

/**
 * An undici agent that only reaches public addresses and the operator's exempt hosts: literal hosts
 * are checked before connecting, names when they resolve, and the socket's peer once more.
 */
export function createGuardedAgent(allow: AllowHosts, resolve: ResolveHost): Agent {
  const open = buildConnector({ timeout: CONNECT_TIMEOUT_MS });
  const guarded = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: publicLookup(resolve) });
  const connect: buildConnector.connector = (options, callback) => {
    let target: URL;
    try {
      const port = options.port === '' ? '' : `:${options.port}`;
      target = checkTarget(`${options.protocol}//${options.hostname}${port}`, allow);
    } catch (error) {
      callback(error instanceof Error ? error : new Error('refused'), null);
      return;
    }
    if (isAllowed(target, allow)) {
      open(options, callback);
      return;
    }
    guarded(options, (...answer) => {
      const [error, socket] = answer;
      if (error === null && !isPublicAddress(socket.remoteAddress ?? '')) {
        socket.destroy();
        callback(new AppError('tool.refused', `${options.hostname} is not public`), null);
        return;
      }
      callback(...answer);
    });
  };
  return new Agent({
    connect,
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    keepAliveTimeout: 1,
    pipelining: 0,
  });
}
