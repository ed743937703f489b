import { crc32 } from 'node:zlib';
import { AppError } from '../../../contracts/app-error.ts';

/** What a frame is; PROTOCOL.md tells what each carries. */
export const FRAME = {
  hello: 1,
  request: 2,
  data: 3,
  end: 4,
  credit: 5,
  close: 6,
  answer: 7,
  output: 8,
  result: 9,
  fail: 10,
  goodbye: 11,
  begin: 12,
  part: 13,
  taken: 14,
  reset: 15,
} as const;

/** No payload is longer. */
export const MAX_PAYLOAD_BYTES = 1 << 20;
/** Bytes in front of each payload. */
export const HEADER_BYTES = 16;

const MAGIC = 0x4846;

/** One message of the protocol. */
export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

/** The bytes in front of a payload of that size. */
export function encodeHeader(type: number, channel: number, size: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt16BE(MAGIC, 0);
  header.writeUInt8(type, 2);
  header.writeUInt8(0, 3);
  header.writeUInt32BE(channel, 4);
  header.writeUInt32BE(size, 8);
  header.writeUInt32BE(crc32(header.subarray(0, 12)), 12);
  return header;
}

function isSound(header: Buffer): boolean {
  return (
    header.readUInt16BE(0) === MAGIC &&
    header.readUInt8(3) === 0 &&
    header.readUInt32BE(8) <= MAX_PAYLOAD_BYTES &&
    header.readUInt32BE(12) === crc32(header.subarray(0, 12))
  );
}

/** Turns bytes, however they are cut, into frames; others throw `sandbox.unavailable`. */
export class FrameDecoder {
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFill = 0;
  #payload: Buffer | null = null;
  #payloadFill = 0;

  /** The frames that these bytes complete. */
  push(bytes: Buffer): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      at +=
        this.#payload === null
          ? this.#takeHeader(bytes.subarray(at))
          : this.#takePayload(bytes.subarray(at), this.#payload);
      if (this.#payload !== null && this.#payloadFill === this.#payload.length) {
        frames.push(this.#toFrame(this.#payload));
      }
    }
    return frames;
  }

  #takeHeader(bytes: Buffer): number {
    const size = bytes.copy(this.#header, this.#headerFill);
    this.#headerFill += size;
    if (this.#headerFill < HEADER_BYTES) return size;
    if (!isSound(this.#header)) {
      throw new AppError('sandbox.unavailable', 'what came from the sandbox is no frame');
    }
    this.#payload = Buffer.allocUnsafe(this.#header.readUInt32BE(8));
    this.#payloadFill = 0;
    return size;
  }

  #takePayload(bytes: Buffer, payload: Buffer): number {
    const size = bytes.copy(payload, this.#payloadFill);
    this.#payloadFill += size;
    return size;
  }

  #toFrame(payload: Buffer): Frame {
    this.#payload = null;
    this.#headerFill = 0;
    return { type: this.#header.readUInt8(2), channel: this.#header.readUInt32BE(4), payload };
  }
}
