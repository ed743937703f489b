import { AppError } from '../../../../contracts/app-error.ts';
import { isPublicAddress, literalAddress } from './address.ts';

/** Ports of web servers; others speak protocols that a crafted URL could talk to. */
const WEB_PORTS: ReadonlySet<string> = new Set(['80', '443', '8080', '8443']);
const MAX_URL_CHARS = 4_096;

/** Hosts as `host:port` that the operator exempts from the address and port rules. */
export type AllowHosts = ReadonlySet<string>;

/** The port of a URL, the scheme's own if it names none. */
export function portOf(url: URL): string {
  if (url.port !== '') return url.port;
  return url.protocol === 'https:' ? '443' : '80';
}

/** True when the operator allows exactly this host and port. */
export function isAllowed(url: URL, allow: AllowHosts): boolean {
  return allow.has(`${url.hostname}:${portOf(url)}`);
}

function refuse(message: string): never {
  throw new AppError('tool.refused', message);
}

/** The URL, if it may be asked at all. Names are checked once more when they are resolved. */
export function checkTarget(text: string, allow: AllowHosts): URL {
  if (text.length > MAX_URL_CHARS) refuse(`the URL is longer than ${MAX_URL_CHARS} characters`);
  const url = URL.parse(text);
  if (url === null) return refuse('the URL is not valid');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    refuse(`only http and https are allowed, not ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') refuse('a URL holds no user name or password');
  if (isAllowed(url, allow)) return url;
  if (!WEB_PORTS.has(portOf(url))) refuse(`port ${portOf(url)} is not allowed`);
  const literal = literalAddress(url.hostname);
  if (literal !== null && !isPublicAddress(literal)) refuse(`${url.hostname} is not public`);
  return url;
}
