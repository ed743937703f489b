import type { IncomingMessage } from 'node:http';
import { valuesOf } from './headers.ts';
import { parseTarget, type Target } from './host.ts';

/** Where a plain request goes, if it says so in one way only. */
export type PlainRequest =
  | { readonly kind: 'valid'; readonly target: Target; readonly path: string }
  | { readonly kind: 'invalid'; readonly reason: string };

const ABSOLUTE = /^http:\/\/([^/?#]+)([/?][^#\s]*)?$/i;
const ORIGIN = /^\/[^#\s]*$/;

/**
 * Reads the target of a request. Whatever two readers could read differently is refused: that is
 * how requests are smuggled.
 */
export function readPlainRequest(
  request: Pick<IncomingMessage, 'url' | 'rawHeaders'>,
  tunnel: Target | undefined,
): PlainRequest {
  const problem = ambiguity(request.rawHeaders);
  if (problem !== '') return { kind: 'invalid', reason: problem };
  const found = tunnel === undefined ? absolute(request.url ?? '') : origin(request.url, tunnel);
  if (found === null) {
    return { kind: 'invalid', reason: 'ask for http://host/path, or use CONNECT for TLS' };
  }
  const host = parseTarget(valuesOf(request.rawHeaders, 'host')[0] ?? '', 80);
  if (host?.host !== found.target.host || host.port !== found.target.port) {
    return { kind: 'invalid', reason: 'the Host header names another host than the request' };
  }
  return { kind: 'valid', ...found };
}

function ambiguity(raw: readonly string[]): string {
  const encodings = valuesOf(raw, 'transfer-encoding');
  const lengths = valuesOf(raw, 'content-length');
  if (valuesOf(raw, 'host').length !== 1) return 'one Host header is needed';
  if (lengths.length + encodings.length > 1) return 'one length of the body is needed';
  if (encodings.some((value) => value.toLowerCase() !== 'chunked')) return 'unknown encoding';
  if (lengths.some((value) => !/^\d{1,15}$/.test(value))) return 'the length is no number';
  return '';
}

function absolute(url: string): Pick<PlainRequest & { kind: 'valid' }, 'target' | 'path'> | null {
  const match = ABSOLUTE.exec(url);
  const target = match?.[1] === undefined ? null : parseTarget(match[1], 80);
  if (target === null) return null;
  const path = match?.[2] ?? '/';
  return { target, path: path.startsWith('/') ? path : `/${path}` };
}

function origin(url: string | undefined, target: Target) {
  return url !== undefined && ORIGIN.test(url) ? { target, path: url } : null;
}
