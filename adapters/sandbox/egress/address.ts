import ipaddr from 'ipaddr.js';

/** Global unicast: all public IPv6 addresses lie in it; others only look public. */
const IPV6_GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');

/** What an operator may open by naming a host; link-local, with the clouds' metadata, never is. */
const OPENABLE = ['loopback', 'private', 'uniqueLocal', 'carrierGradeNat', 'unicast'];

/** Services of clouds that live outside of the ranges that are refused anyway. */
const METADATA = ['168.63.129.16', '100.100.100.200', 'fd00:ec2::254', '192.0.0.192'];

/** True when the address may be dialled for a host, which an operator may have opened by name. */
export function mayDial(address: string, hostIsOpened: boolean): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (METADATA.includes(parsed.toString())) return false;
  const range = parsed.range();
  if (hostIsOpened) return OPENABLE.includes(range);
  if (range !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv6 ? parsed.match(IPV6_GLOBAL) : true;
}
