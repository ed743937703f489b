import type { ServerResponse } from 'node:http';

/** Bytes that somebody else made: nothing in them may run in the API's origin. */
export interface ForeignBytes {
  readonly bytes: Buffer;
  /** Of the last part of a path, or another name for people. */
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Shown by browsers without running anything. SVG is not among them: it holds scripts. */
const SHOWN = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

/** Writes the bytes as a download; images may be shown in place. */
export function sendBytes(response: ServerResponse, foreign: ForeignBytes): void {
  const { bytes, name, mediaType, sha256, headers } = foreign;
  const disposition = SHOWN.has(mediaType) ? 'inline' : 'attachment';
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': String(bytes.length),
    'content-disposition': `${disposition}; ${fileNameOf(name)}`,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, no-store',
    etag: `"${sha256}"`,
    ...headers,
  });
  response.end(bytes);
}

/** RFC 6266: what is not plain comes escaped beside a plain form. */
function fileNameOf(name: string): string {
  const base = name.slice(name.lastIndexOf('/') + 1);
  const plain = base.replaceAll(/[^\w .()+-]/g, '_');
  const escaped = encodeURIComponent(base.toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename="${plain}"; filename*=UTF-8''${escaped}`;
}
