import { AppError } from '../../../contracts/app-error.ts';

const [UTF8_BOM, UTF16_LE_BOM, UTF16_BE_BOM] = ['efbbbf', 'fffe', 'feff'];
/** A page names its encoding in its first bytes, as browsers look for it. */
const META_BYTES = 1_024;
/** Pages and texts that name no encoding and are not UTF-8 are mostly in this one. */
const FALLBACK = 'windows-1252';

/** The text of bytes in the encoding that they, the media type or the page names. Throws `knowledge.unreadable`. */
export function decodeText(bytes: Uint8Array, mediaType: string, html = false): string {
  const named = bomOf(bytes) ?? charsetOf(mediaType) ?? (html ? metaCharset(bytes) : null);
  const text = named === null ? decodeUnnamed(bytes) : decodeAs(bytes, named);
  // Programs, pictures and archives have them everywhere; texts never do.
  if (text.includes('\0')) throw notText();
  return text;
}

function decodeUnnamed(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return decodeAs(bytes, FALLBACK);
  }
}

function decodeAs(bytes: Uint8Array, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (cause) {
    throw new AppError('knowledge.unreadable', 'the encoding of the text is unknown', { cause });
  }
}

function bomOf(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, 3)).toString('hex');
  if (head === UTF8_BOM) return 'utf-8';
  if (head.startsWith(UTF16_LE_BOM)) return 'utf-16le';
  return head.startsWith(UTF16_BE_BOM) ? 'utf-16be' : null;
}

function charsetOf(mediaType: string): string | null {
  return /;\s*charset="?([\w:-]+)/i.exec(mediaType)?.[1] ?? null;
}

function metaCharset(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, META_BYTES)).toString('latin1');
  const named = /<meta[^>]{0,200}charset\s*=\s*["']?([\w:-]+)/i.exec(head)?.[1] ?? null;
  // Bytes in which that could be read are not UTF-16, whatever they say.
  return named !== null && /^utf-16/i.test(named) ? 'utf-8' : named;
}

function notText(): AppError {
  return new AppError('knowledge.unreadable', 'the document is not text');
}
