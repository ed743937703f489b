import { AppError } from '../../../contracts/app-error.ts';
import { inflateRawSync } from 'node:zlib';
import { LIMITS } from '../../../contracts/limits.ts';

/** An entry of an archive as its directory describes it. */
interface ZipEntry {
  readonly name: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly offset: number;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const [END_BYTES, ENTRY_BYTES, LOCAL_BYTES] = [22, 46, 30];
const MAX_COMMENT_BYTES = 65_535;
const MAX_ENTRIES = 10_000;
const DEFLATE = 8;

/**
 * Names in an archive that is safe to unpack. Every entry is unpacked once, into no more room than the
 * directory says: what unpacks to more than it claims is never given to a library. Throws
 * `knowledge.unreadable`, `knowledge.encrypted`, `knowledge.too_large`.
 */
export function checkZip(bytes: Uint8Array): ReadonlySet<string> {
  const zip = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = readEntries(zip);
  if (entries.some(({ encrypted }) => encrypted)) {
    throw new AppError('knowledge.encrypted', 'the document needs a password');
  }
  const total = entries.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
  if (total > LIMITS.documentUnpackedBytes) {
    const limit = LIMITS.documentUnpackedBytes;
    throw new AppError('knowledge.too_large', `a document unpacks to ${limit} bytes at most`);
  }
  for (const entry of entries) tryEntry(zip, entry);
  return new Set(entries.map(({ name }) => name));
}

function readEntries(zip: Buffer): readonly ZipEntry[] {
  const end = findEnd(zip);
  const count = zip.readUInt16LE(end + 10);
  if (count > MAX_ENTRIES) throw broken();
  const entries: ZipEntry[] = [];
  for (let at = zip.readUInt32LE(end + 16); entries.length < count;) {
    if (at + ENTRY_BYTES > zip.length || zip.readUInt32LE(at) !== ENTRY_SIGNATURE) throw broken();
    const nameBytes = zip.readUInt16LE(at + 28);
    entries.push({
      name: zip.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes),
      encrypted: (zip.readUInt16LE(at + 8) & 1) === 1,
      method: zip.readUInt16LE(at + 10),
      packedBytes: zip.readUInt32LE(at + 20),
      unpackedBytes: zip.readUInt32LE(at + 24),
      offset: zip.readUInt32LE(at + 42),
    });
    at += ENTRY_BYTES + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

function findEnd(zip: Buffer): number {
  const from = Math.max(0, zip.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = zip.length - END_BYTES; at >= from; at -= 1) {
    if (zip.readUInt32LE(at) === END_SIGNATURE) return at;
  }
  throw broken();
}

function tryEntry(zip: Buffer, entry: ZipEntry): void {
  const { offset, packedBytes, unpackedBytes, method } = entry;
  if (offset + LOCAL_BYTES > zip.length || zip.readUInt32LE(offset) !== LOCAL_SIGNATURE) {
    throw broken();
  }
  const from = offset + LOCAL_BYTES + zip.readUInt16LE(offset + 26) + zip.readUInt16LE(offset + 28);
  const packed = zip.subarray(from, from + packedBytes);
  if (packed.length !== packedBytes) throw broken();
  if (method !== DEFLATE) {
    if (method !== 0 || packedBytes !== unpackedBytes) throw broken();
    return;
  }
  if (unpackedLength(packed, unpackedBytes) !== unpackedBytes) throw broken();
}

function unpackedLength(packed: Buffer, claimed: number): number {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, claimed) }).length;
  } catch (cause) {
    throw broken(cause);
  }
}

function broken(cause?: unknown): AppError {
  return new AppError('knowledge.unreadable', 'the document is not a whole archive', { cause });
}
