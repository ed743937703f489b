import { createHash, randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { AppError } from '../../contracts/app-error.ts';

/** Screenshots and documents travel in one message; whatever is larger does not come from a page. */
const MAX_MESSAGE_BYTES = 96 * 1024 * 1024;
const MAX_HEAD_BYTES = 16 * 1024;
const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const HEAD_END = '\r\n\r\n';
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Messages over a connection that is open already. */
export interface MessageSocket {
  send(message: string): void;
  close(): void;
  onMessage: (message: string) => void;
  /** Called once, whoever closed it. */
  onClose: () => void;
}

/**
 * Speaks the client's half of WebSocket on a connection. A library would want to connect by itself,
 * for which a port would have to be open on this machine.
 */
export async function openWebSocket(stream: Duplex, path: string): Promise<MessageSocket> {
  const key = randomBytes(16).toString('base64');
  stream.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}${HEAD_END}`,
  );
  const { head, rest } = await readHead(stream);
  const accept = createHash('sha1')
    .update(key + ACCEPT_SALT)
    .digest('base64');
  if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(accept)) {
    stream.destroy();
    throw unreachable('the browser refused the connection');
  }
  return new Socket(stream, rest);
}

function unreachable(sentence: string): AppError {
  return new AppError('sandbox.unavailable', sentence);
}

function readHead(stream: Duplex): Promise<{ readonly head: string; readonly rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let read: Buffer = Buffer.alloc(0);
    const settle = (work: () => void): void => {
      stream.off('data', onData).off('close', onClose).off('end', onClose).off('error', onClose);
      stream.pause();
      work();
    };
    const onClose = (): void => {
      settle(() => reject(unreachable('the browser closed the connection')));
    };
    const onData = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf(HEAD_END);
      if (end < 0 && read.length < MAX_HEAD_BYTES) return;
      const rest = read.subarray(end < 0 ? read.length : end + HEAD_END.length);
      settle(() => resolve({ head: read.subarray(0, Math.max(0, end)).toString('latin1'), rest }));
    };
    stream.on('data', onData).on('close', onClose).on('end', onClose).on('error', onClose);
  });
}

interface Frame {
  readonly final: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

class Socket implements MessageSocket {
  onMessage: (message: string) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly #stream: Duplex;
  /** Arrived, in order; joined only when a frame is complete. */
  #chunks: Buffer[] = [];
  #buffered = 0;
  #parts: Buffer[] = [];
  #partBytes = 0;
  #closed = false;
  readonly #waiting: string[] = [];

  constructor(stream: Duplex, rest: Buffer) {
    this.#stream = stream;
    const end = (): void => this.close();
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('end', end).on('close', end).on('error', end);
    // Whoever opened it sets its listeners first.
    setImmediate(() => {
      this.#take(rest);
      stream.resume();
    });
  }

  send(message: string): void {
    if (!this.#closed) this.#write(OPCODE.text, Buffer.from(message));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stream.destroy();
    this.onClose();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    try {
      while (!this.#closed) {
        const frame = this.#next();
        if (frame === null) return;
        this.#receive(frame);
      }
    } catch {
      // The browser is in the hands of the pages that it shows: what it breaks ends here.
      this.close();
    }
  }

  #receive({ final, opcode, payload }: Frame): void {
    if (opcode === OPCODE.ping) this.#write(OPCODE.pong, payload);
    else if (opcode === OPCODE.close) this.close();
    else if (opcode <= OPCODE.binary) {
      this.#parts.push(payload);
      this.#partBytes += payload.length;
      if (this.#partBytes > MAX_MESSAGE_BYTES) throw unreachable('a message is too large');
      if (!final) return;
      const message = Buffer.concat(this.#parts).toString();
      this.#parts = [];
      this.#partBytes = 0;
      this.#waiting.push(message);
      if (this.#waiting.length === 1) setImmediate(() => this.#deliver());
    }
  }

  /** One message in each turn of the event loop: engines finish what one began before the next. */
  #deliver(): void {
    const message = this.#waiting.shift();
    if (message === undefined || this.#closed) return;
    if (this.#waiting.length > 0) setImmediate(() => this.#deliver());
    try {
      this.onMessage(message);
    } catch {
      // Whatever listens at that port inside may say anything.
      this.close();
    }
  }

  #next(): Frame | null {
    const head = this.#peek(14);
    if (head.length < 2) return null;
    const short = head.readUInt8(1) & 0x7f;
    const sizeBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (head.length < 2 + sizeBytes) return null;
    const length =
      short === 126 ? head.readUInt16BE(2) : short === 127 ? head.readBigUInt64BE(2) : short;
    if (length > MAX_MESSAGE_BYTES) throw unreachable('a message is too large');
    const whole = 2 + sizeBytes + Number(length);
    if (this.#buffered < whole) return null;
    const bytes = this.#peek(whole);
    const all = this.#chunks[0] ?? bytes;
    this.#chunks[0] = all.subarray(whole);
    this.#buffered -= whole;
    const first = bytes.readUInt8(0);
    const payload = bytes.subarray(2 + sizeBytes);
    return { final: first >= 0x80, opcode: first & 0x0f, payload };
  }

  /** The first bytes, as far as they are there; joins chunks so that they lie in the first one. */
  #peek(length: number): Buffer {
    const [first = Buffer.alloc(0)] = this.#chunks;
    if (first.length >= length || this.#chunks.length < 2) return first.subarray(0, length);
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined.subarray(0, length);
  }

  #write(opcode: number, payload: Buffer): void {
    const size = payload.length;
    const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
    head.writeUInt8(0x80 | opcode, 0);
    head.writeUInt8(0x80 | (size < 126 ? size : size < 65_536 ? 126 : 127), 1);
    if (head.length === 4) head.writeUInt16BE(size, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
    // The mask keeps proxies from being fooled; here is none, but servers insist on one.
    const mask = randomBytes(4);
    const masked = Buffer.from(payload);
    for (let at = 0; at < size; at += 1) masked[at] = (masked[at] ?? 0) ^ (mask[at & 3] ?? 0);
    this.#stream.write(Buffer.concat([head, mask, masked]));
  }
}
