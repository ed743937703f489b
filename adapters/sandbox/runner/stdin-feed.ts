import { FRAME } from './frame.ts';
import type { Channel } from './link.ts';

const PIECE_BYTES = 1 << 16;

/** What the runner says of a command's standard input when a client attaches. */
export interface StdinState {
  /** Bytes that it took so far, of all clients. */
  readonly received: number;
  readonly isOpen: boolean;
  readonly credit: number;
}

interface Piece {
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly sent: () => void;
}

/** Feeds a command's standard input under the runner's credits, without loss or repetition. */
export class StdinFeed {
  #pieces: Piece[] = [];
  /** Of what was written to the feed, in the numbering of the whole input. */
  #end = 0;
  #position = 0;
  /** The runner has no more need of what is before it. */
  #written = 0;
  #credit = 0;
  #channel: Channel | null = null;
  #isClosed = false;
  #isOver = false;
  #hasEnded = false;
  #isPlaced: boolean;

  /** With `whole`, what is written is the input from its first byte; else it goes on from there. */
  constructor(options: { readonly whole: boolean }) {
    this.#isPlaced = options.whole;
  }

  /** Resolves when it was sent; at once when nobody reads any more. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#isOver || this.#isClosed || bytes.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#pieces.push({ start: this.#end, bytes: Uint8Array.from(bytes), sent: resolve });
      this.#end += bytes.length;
      this.#send();
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#send();
  }

  /** Goes on over another channel, after the bytes that the runner has. */
  attach(channel: Channel, state: StdinState): void {
    if (!this.#isPlaced) this.#renumber(state.received);
    this.#channel = channel;
    this.#position = Math.min(state.received, this.#end);
    this.#credit = state.credit;
    this.#hasEnded = false;
    if (state.isOpen) this.#send();
    else this.over();
  }

  onCredit(bytes: number): void {
    this.#credit += bytes;
    this.#written += bytes;
    this.#send();
  }

  detach(): void {
    this.#channel = null;
  }

  /** Nobody reads any more: what waits is dropped. */
  over(): void {
    this.#isOver = true;
    for (const piece of this.#pieces) piece.sent();
    this.#pieces = [];
  }

  #renumber(base: number): void {
    this.#isPlaced = true;
    this.#pieces = this.#pieces.map((piece) => ({ ...piece, start: piece.start + base }));
    this.#end += base;
    this.#written = base;
  }

  #send(): void {
    if (this.#channel === null || this.#isOver) return;
    for (const { start, bytes, sent } of this.#pieces) {
      const end = start + bytes.length;
      while (this.#position < end && this.#credit > 0) {
        const from = this.#position - start;
        const size = Math.min(this.#credit, PIECE_BYTES, end - this.#position);
        this.#channel.send(FRAME.data, bytes.subarray(from, from + size));
        this.#position += size;
        this.#credit -= size;
      }
      if (this.#position < end) return;
      sent();
    }
    // Kept until the program has them: a connection may break while they are on their way.
    this.#pieces = this.#pieces.filter(({ start, bytes }) => start + bytes.length > this.#written);
    if (!this.#isClosed || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#channel.send(FRAME.end);
  }
}
