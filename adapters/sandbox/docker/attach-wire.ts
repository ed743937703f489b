import { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { AppError } from '../../../contracts/app-error.ts';
import type { Wire } from '../runner/carried-stream.ts';
import { containerName } from './container-options.ts';

/** In front of each piece: the stream's number, three zeros, and how long the piece is. */
const HEADER_BYTES = 8;
const STDOUT = 1;

/** Takes Docker's headers out of what a container says; answers with its standard output alone. */
export function createDemultiplexer(): (bytes: Buffer) => readonly Buffer[] {
  const header = Buffer.alloc(HEADER_BYTES);
  let filled = 0;
  let left = 0;
  return (bytes) => {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      if (left === 0) {
        const size = bytes.copy(header, filled, at);
        at += size;
        filled += size;
        if (filled < HEADER_BYTES) continue;
        filled = 0;
        left = header.readUInt32BE(4);
        continue;
      }
      const piece = bytes.subarray(at, at + left);
      at += piece.length;
      left -= piece.length;
      if (header.readUInt8(0) === STDOUT) pieces.push(piece);
    }
    return pieces;
  };
}

/** Attaches to the first process of a sandbox's container, beside whoever else is. */
export async function attachWire(docker: Docker, key: string): Promise<Wire> {
  const stream = await docker.getContainer(containerName(key)).attach({
    ...{ stream: true, hijack: true },
    ...{ stdin: true, stdout: true, stderr: false, logs: false },
  });
  if (!(stream instanceof Duplex)) {
    throw new AppError('sandbox.unavailable', 'the Docker daemon gave no stream to a sandbox');
  }
  return { stream, unwrap: createDemultiplexer() };
}
