import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { AppError } from '../../../contracts/app-error.ts';
import { FRAME, FrameDecoder, MAX_PAYLOAD_BYTES, encodeHeader, type Frame } from './frame.ts';
import { broken, parseObject } from './parse.ts';

/** What a channel may receive before it gives more credit. */
export const WINDOW_BYTES = 1 << 20;
const VERSION = 1;

/** Hears what happens on a channel; an error thrown by `onFrame` ends the link. */
export interface ChannelListener {
  onFrame(frame: Frame): void;
  /** The link is gone, or this side closed the channel. */
  onLost(): void;
}

/** One request over a link, and what flows for it. */
export interface Channel {
  send(type: number, payload?: Uint8Array): void;
  /** Lets the runner send that much more. */
  grant(bytes: number): void;
  /** The runner is through with it: nothing more is heard. */
  forget(): void;
  /** Tells the runner that nobody listens any more. */
  close(): void;
}

interface OpenChannel {
  readonly listener: ChannelListener;
  window: number;
}

/** One connection to a runner, greeted: requests and what they answer, side by side. */
export class Link {
  readonly #stream: Duplex;
  readonly #decoder = new FrameDecoder();
  readonly #nonce = randomBytes(12).toString('hex');
  readonly #channels = new Map<number, OpenChannel>();
  readonly #greeted = Promise.withResolvers<undefined>();
  readonly #closed = Promise.withResolvers<undefined>();
  readonly #goodbye = Promise.withResolvers<'ttl' | 'terminated'>();
  #hasGreeted = false;
  #isOpen = true;
  #broke = false;
  #next = 1;

  private constructor(stream: Duplex) {
    this.#stream = stream;
    this.#greeted.promise.catch(() => undefined);
    stream.on('data', (bytes: Buffer) => this.#receive(bytes));
    stream.on('error', () => this.close());
    stream.on('close', () => this.close());
    stream.on('end', () => this.close());
  }

  /** Greets the runner. */
  static async open(stream: Duplex, options: { readonly timeoutMs: number }): Promise<Link> {
    const link = new Link(stream);
    link.#send(FRAME.hello, 0, toJson({ version: VERSION, nonce: link.#nonce }));
    const timer = setTimeout(() => link.close(), options.timeoutMs);
    try {
      await link.#greeted.promise;
      return link;
    } finally {
      clearTimeout(timer);
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The runner broke the protocol on it. */
  get broke(): boolean {
    return this.#broke;
  }

  get closed(): Promise<undefined> {
    return this.#closed.promise;
  }

  /** Why the runner said it would end; pending for ever if it does not. */
  get goodbye(): Promise<'ttl' | 'terminated'> {
    return this.#goodbye.promise;
  }

  /** Sends a request on a new channel. */
  request(request: object, listener: ChannelListener, credit = WINDOW_BYTES): Channel {
    const number = this.#next++;
    const open = { listener, window: credit };
    const payload = toJson({ ...request, credit });
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new AppError('value.too_large', 'a request to a sandbox is larger than 1 MiB');
    }
    this.#channels.set(number, open);
    this.#send(FRAME.request, number, payload);
    const isMine = (): boolean => this.#channels.get(number) === open;
    return {
      send: (type, bytes) => {
        if (isMine()) this.#send(type, number, bytes);
      },
      grant: (bytes) => {
        if (!isMine() || bytes === 0) return;
        open.window += bytes;
        const credits = Buffer.allocUnsafe(4);
        credits.writeUInt32BE(bytes);
        this.#send(FRAME.credit, number, credits);
      },
      forget: () => {
        if (isMine()) this.#channels.delete(number);
      },
      close: () => {
        if (!isMine()) return;
        this.#send(FRAME.close, number);
        this.#channels.delete(number);
        listener.onLost();
      },
    };
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#stream.destroy();
    this.#greeted.reject(new AppError('sandbox.unavailable', 'the connection was closed'));
    const channels = [...this.#channels.values()];
    this.#channels.clear();
    for (const { listener } of channels) listener.onLost();
    this.#closed.resolve(undefined);
  }

  #send(type: number, channel: number, payload?: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#stream.cork();
    this.#stream.write(encodeHeader(type, channel, payload?.length ?? 0));
    if (payload !== undefined && payload.length > 0) this.#stream.write(payload);
    this.#stream.uncork();
  }

  #receive(bytes: Buffer): void {
    try {
      for (const frame of this.#decoder.push(bytes)) if (this.#isOpen) this.#onFrame(frame);
    } catch {
      this.#broke = true;
      this.close();
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.type === FRAME.hello) {
      this.#onHello(frame);
      return;
    }
    if (!this.#hasGreeted) return;
    if (frame.type === FRAME.goodbye) {
      const reason = parseObject(frame.payload)['reason'];
      if (reason === 'ttl' || reason === 'terminated') this.#goodbye.resolve(reason);
      return;
    }
    const open = this.#channels.get(frame.channel);
    // It was closed here while the frame was on its way.
    if (open === undefined) return;
    if (frame.type === FRAME.data) open.window -= frame.payload.length;
    if (frame.type === FRAME.output) open.window -= frame.payload.length - OUTPUT_HEAD_BYTES;
    if (open.window < 0) throw broken('amount of data');
    if (frame.type === FRAME.fail) this.#channels.delete(frame.channel);
    open.listener.onFrame(frame);
  }

  #onHello(frame: Frame): void {
    const hello = parseObject(frame.payload);
    if (hello['nonce'] !== this.#nonce) return;
    if (hello['version'] !== VERSION) throw broken('version');
    this.#hasGreeted = true;
    this.#greeted.resolve(undefined);
  }
}

/** Stream and offset in front of a piece of output. */
export const OUTPUT_HEAD_BYTES = 9;

function toJson(value: object): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}
