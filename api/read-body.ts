import type { IncomingMessage } from 'node:http';
import { AppError } from '../contracts/app-error.ts';

/**
 * The request's body as it is. Refuses by code: content encodings, and more than `limitBytes`, counted
 * while reading.
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new AppError('request.unsupported_media_type', 'send the body without content-encoding');
  }
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= limitBytes) return;
      request.off('data', onData);
      reject(tooLarge(limitBytes));
    };
    request.on('data', onData);
    request.once('end', resolve);
    request.once('error', () => {
      reject(new AppError('request.aborted', 'the connection ended within the body'));
    });
  });
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function tooLarge(limitBytes: number): AppError {
  return new AppError('request.too_large', `the body is larger than ${limitBytes} bytes`);
}
