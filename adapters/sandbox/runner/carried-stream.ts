import { randomBytes } from 'node:crypto';
import { Duplex } from 'node:stream';
import { FRAME, FrameDecoder, type Frame } from './frame.ts';
import { MAX_PART_BYTES, PART_HEADER_BYTES, encodePart } from './part.ts';

/** Standard input and output of a runner, which other clients may use at the same time. */
export interface Wire {
  readonly stream: Duplex;
  /** What of the bytes that came is the runner's standard output. */
  readonly unwrap?: (bytes: Buffer) => readonly Buffer[];
}

const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;
/** The runner forgets a client that is silent for half a minute. */
const PULSE_MS = 5_000;
const CLOSE_MS = 1_000;
/** Completes whatever part another client left torn, so that ours is looked at. */
const PADDING = Buffer.alloc(PART_HEADER_BYTES + MAX_PART_BYTES);
const NOTHING = Buffer.alloc(0);

/**
 * One client's connection over a wire. What the runner says reaches every client whole; what clients
 * say may be torn by each other. So a part is sent, and sent again, until the runner has it, and
 * then the next one. Reading begins where the runner repeats this connection's nonce.
 */
export class CarriedStream extends Duplex {
  readonly #wire: Wire;
  readonly #connection = randomBytes(4).readUInt32BE();
  readonly #nonce = Buffer.from(randomBytes(16).toString('hex'));
  readonly #decoder = new FrameDecoder();
  readonly #pulse: NodeJS.Timeout;
  /** Null once the nonce was seen. */
  #unread: Buffer | null = NOTHING;
  #place = 0;
  #sent: Buffer | null = null;
  #isHurried = false;
  #rest = NOTHING;
  #done: ((error?: Error | null) => void) | null = null;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;

  constructor(wire: Wire) {
    super();
    this.#wire = wire;
    const { stream, unwrap } = wire;
    stream.on('data', (bytes: Buffer) => {
      this.#attempt(() => {
        for (const piece of unwrap?.(bytes) ?? [bytes]) this.#receive(piece);
      });
    });
    for (const event of ['error', 'close', 'end']) stream.on(event, () => this.destroy());
    this.#pulse = setInterval(() => this.#say(NOTHING), PULSE_MS).unref();
    // A client that was killed in the middle of a part is often followed by this one.
    stream.write(PADDING);
    this.#say(this.#nonce);
  }

  override _read(): void {
    // Credits of the protocol above bound what is on its way.
  }

  override _writev(
    chunks: { readonly chunk: Buffer }[],
    done: (error?: Error | null) => void,
  ): void {
    this.#rest = Buffer.concat(chunks.map(({ chunk }) => chunk));
    this.#done = done;
    this.#sendNext();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearInterval(this.#pulse);
    clearTimeout(this.#retry);
    const { stream } = this.#wire;
    const end = { connection: this.#connection, place: 0 };
    if (stream.writable) stream.end(encodePart(end, NOTHING, FRAME.reset), () => stream.destroy());
    // A runner that is frozen takes nothing.
    setTimeout(() => stream.destroy(), CLOSE_MS).unref();
    done(error);
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch {
      // Nothing that comes from there can be understood any more.
      this.destroy();
    }
  }

  #sendNext(): void {
    if (this.#sent !== null) return;
    if (this.#rest.length > 0) {
      const bytes = this.#rest.subarray(0, MAX_PART_BYTES);
      this.#rest = this.#rest.subarray(bytes.length);
      this.#say(bytes);
      return;
    }
    const done = this.#done;
    this.#done = null;
    done?.();
  }

  #say(bytes: Buffer): void {
    if (this.#sent !== null) return;
    this.#sent = encodePart({ connection: this.#connection, place: this.#place }, bytes);
    this.#retryMs = FIRST_RETRY_MS;
    this.#isHurried = false;
    this.#wire.stream.write(this.#sent);
    this.#waitToRepeat();
  }

  #waitToRepeat(): void {
    clearTimeout(this.#retry);
    // Two that tore each other's parts must not meet again.
    const afterMs = this.#retryMs * (1 + Math.random());
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
    this.#retry = setTimeout(() => this.#repeat(), afterMs).unref();
  }

  #repeat(): void {
    const { stream } = this.#wire;
    if (this.#sent === null) return;
    // What was not even taken from us needs no repetition.
    if (stream.writableLength === 0) stream.write(Buffer.concat([PADDING, this.#sent]));
    this.#waitToRepeat();
  }

  #receive(bytes: Buffer): void {
    if (this.#unread === null) {
      for (const frame of this.#decoder.push(bytes)) this.#onFrame(frame);
      return;
    }
    const unread = Buffer.concat([this.#unread, bytes]);
    const at = unread.indexOf(this.#nonce);
    // A frame ends with it: what follows is another's beginning.
    this.#unread = at === -1 ? Buffer.from(unread.subarray(1 - this.#nonce.length)) : null;
    if (at !== -1) this.#receive(unread.subarray(at + this.#nonce.length));
  }

  #onFrame({ type, channel, payload }: Frame): void {
    if (channel !== this.#connection || this.destroyed) return;
    if (type === FRAME.part) this.push(payload);
    else if (type === FRAME.reset) this.destroy();
    else if (type === FRAME.taken && payload.length === 4) this.#onTaken(payload.readUInt32BE());
  }

  #onTaken(count: number): void {
    if (this.#sent === null) return;
    if (count === this.#place && !this.#isHurried) {
      // It was torn, and the runner looks at what comes next.
      this.#isHurried = true;
      this.#wire.stream.write(this.#sent);
    }
    if (count !== this.#place + 1) return;
    clearTimeout(this.#retry);
    this.#place = count;
    this.#sent = null;
    this.#sendNext();
  }
}
