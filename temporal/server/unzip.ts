import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** One file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  readonly compressed: boolean;
  readonly sizeBytes: number;
  readonly headerOffset: number;
}

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const MAX_COMMENT_BYTES = 65_535;

/** Lists a zip archive; understands plain archives below 4 GB, which is what wheels are. */
export function listZip(file: string): readonly ZipEntry[] {
  const end = readEndRecord(file);
  const directory = readAt(file, end.offset, end.length);
  const entries: ZipEntry[] = [];
  let at = 0;
  while (entries.length < end.count) {
    if (directory.readUInt32LE(at) !== ENTRY_SIGNATURE)
      throw new Error('the zip directory is damaged');
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + nameLength),
      compressed: directory.readUInt16LE(at + 10) !== 0,
      sizeBytes: directory.readUInt32LE(at + 20),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at +=
      ENTRY_BYTES + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** Writes one entry of a zip archive to a file. */
export async function unzipEntry(file: string, entry: ZipEntry, target: string): Promise<void> {
  const header = readAt(file, entry.headerOffset, LOCAL_BYTES);
  if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new Error('the zip archive is damaged');
  const names = header.readUInt16LE(26) + header.readUInt16LE(28);
  const start = entry.headerOffset + LOCAL_BYTES + names;
  const source = createReadStream(file, { start, end: start + entry.sizeBytes - 1 });
  const output = createWriteStream(target, { mode: 0o755 });
  if (entry.compressed) await pipeline(source, createInflateRaw(), output);
  else await pipeline(source, output);
}

interface EndRecord {
  readonly count: number;
  readonly offset: number;
  readonly length: number;
}

function readEndRecord(file: string): EndRecord {
  const size = statSync(file).size;
  const length = Math.min(size, END_BYTES + MAX_COMMENT_BYTES);
  const tail = readAt(file, size - length, length);
  for (let at = length - END_BYTES; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    const [count, bytes] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12)];
    return { count, length: bytes, offset: tail.readUInt32LE(at + 16) };
  }
  throw new Error(`${file} is no zip archive`);
}

function readAt(file: string, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  const handle = openSync(file, 'r');
  try {
    if (readSync(handle, buffer, 0, length, position) < length)
      throw new Error(`${file} is cut short`);
    return buffer;
  } finally {
    closeSync(handle);
  }
}
