import ipaddr from 'ipaddr.js';

/** Global unicast: all public IPv6 addresses lie in it; others only look public. */
const IPV6_GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/** True when the IP address is public and unicast; mapped IPv4 is judged as IPv4. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/%.*$/, '');
  if (!ipaddr.isValid(bare)) return false;
  const parsed = ipaddr.process(bare);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(IPV6_GLOBAL) : true;
}

/** The IP address that a URL's host names literally, without brackets; null for a name. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return ipaddr.isValid(bare) ? bare : null;
}
