import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { AppError } from '../../../../contracts/app-error.ts';

const TEXT_TYPES = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml|javascript|yaml|x-yaml)$)/;

const DECODERS: ReadonlyMap<string, (bytes: Buffer, maxOutputLength: number) => Buffer> = new Map([
  ['gzip', (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })],
  ['x-gzip', (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })],
  ['deflate', (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength })],
  ['br', (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength })],
]);

/** The body's bytes. Throws `tool.refused` beyond the limit, without reading the rest. */
export async function readBytes(body: AsyncIterable<unknown>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) tooLarge(maxBytes);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): never {
  throw new AppError('tool.refused', `the response is larger than ${maxBytes} bytes`);
}

/** Undoes a content encoding that came although none was asked for; a bomb meets the limit. */
export function decodeContent(bytes: Buffer, encoding: string, maxBytes: number): Buffer {
  if (encoding === '' || encoding === 'identity') return bytes;
  const decoder = DECODERS.get(encoding);
  if (decoder === undefined) {
    throw new AppError('tool.refused', `content encoding ${encoding} is not supported`);
  }
  try {
    return decoder(bytes, maxBytes);
  } catch (cause) {
    const isBomb =
      typeof cause === 'object' &&
      cause !== null &&
      'code' in cause &&
      cause.code === 'ERR_BUFFER_TOO_LARGE';
    const message = isBomb ? `the response is larger than ${maxBytes} bytes` : 'bad compression';
    throw new AppError('tool.refused', message, { cause });
  }
}

/** True when a body of this content type is text; a missing type counts as text. */
export function isTextType(contentType: string): boolean {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  return type === '' || TEXT_TYPES.test(type);
}

/** The bytes as text in the charset that the content type names, UTF-8 if none or unknown. */
export function decodeText(bytes: Buffer, contentType: string): string {
  const charset = /charset="?([\w-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  return decoderOf(charset).decode(bytes);
}

function decoderOf(charset: string): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
