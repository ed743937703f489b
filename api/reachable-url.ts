/** Addresses that stand for every interface of a machine: one may listen there, not call there. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  '0.0.0.0': '127.0.0.1',
  // Such a socket takes IPv4 as well, and a machine may have only that.
  '::': 'localhost',
};

/**
 * A URL by which this machine reaches a server that listens at `host`. `boundTo` is the address as
 * the system tells it, for which there is one spelling.
 */
export function reachableUrl(host: string, boundTo: string, port: number): string {
  const name = EVERYWHERE[boundTo] ?? host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
