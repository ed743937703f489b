import ipaddr from 'ipaddr.js';

/** Where a request wants to go, in the one spelling that rules are compared with. */
export interface Target {
  /** A lowercase name without trailing dot, or an address in its shortest form without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isAddress: boolean;
}

const AUTHORITY = /^(\[[0-9a-fA-F:.]{2,45}\]|[^[\]:]{1,254})(?::(\d{1,5}))?$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Reads `host`, `host:port` or `[address]:port`; null for anything else, userinfo included. */
export function parseTarget(authority: string, defaultPort?: number): Target | null {
  const match = AUTHORITY.exec(authority);
  const host = match?.[1] === undefined ? null : parseHost(match[1]);
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (host === null || port === undefined || port < 1 || port > 65535) return null;
  return { ...host, port };
}

/** The host in its one spelling; null if it is neither a DNS name nor an address. */
export function parseHost(text: string): Pick<Target, 'host' | 'isAddress'> | null {
  if (text.startsWith('[')) {
    const bare = text.slice(1, -1);
    if (!ipaddr.IPv6.isValid(bare)) return null;
    return { host: ipaddr.process(bare).toString(), isAddress: true };
  }
  const name = text.toLowerCase().replace(/\.$/, '');
  if (ipaddr.IPv4.isValidFourPartDecimal(name)) return { host: name, isAddress: true };
  const labels = name.split('.');
  // Resolvers take `127.1`, `0x7f000001` and `2130706433` for addresses: no such name passes.
  if (name.length > 253 || /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return null;
  return labels.every((label) => LABEL.test(label)) ? { host: name, isAddress: false } : null;
}

/** The authority as a `Host` header has it: no port where it is the scheme's own. */
export function formatTarget(target: Target, ownPort: number): string {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host;
  return target.port === ownPort ? host : `${host}:${target.port}`;
}
