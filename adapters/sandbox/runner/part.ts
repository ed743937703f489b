import { crc32 } from 'node:zlib';
import { FRAME } from './frame.ts';

/** Bytes in front of what a part carries. */
export const PART_HEADER_BYTES = 24;
/** No part carries more: Docker hands on 32 KiB at once, so that two in a row are seldom torn. */
export const MAX_PART_BYTES = (1 << 14) - PART_HEADER_BYTES;

const MAGIC = 0x4857;

/** Which connection over a wire a part belongs to, and where in its order. */
export interface PartPlace {
  readonly connection: number;
  readonly place: number;
}

/**
 * One piece of a connection over a wire that is shared with others: its checksums tell whether it
 * arrived whole.
 */
export function encodePart(
  { connection, place }: PartPlace,
  bytes: Buffer,
  type: typeof FRAME.part | typeof FRAME.reset = FRAME.part,
): Buffer {
  const header = Buffer.alloc(PART_HEADER_BYTES);
  header.writeUInt16BE(MAGIC, 0);
  header.writeUInt8(type, 2);
  header.writeUInt32BE(connection, 4);
  header.writeUInt32BE(place, 8);
  header.writeUInt32BE(bytes.length, 12);
  header.writeUInt32BE(crc32(bytes), 16);
  header.writeUInt32BE(crc32(header.subarray(0, 20)), 20);
  return Buffer.concat([header, bytes]);
}
