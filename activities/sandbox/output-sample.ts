import { LIMITS } from '../../contracts/limits.ts';

/** The beginning and the end of a stream of bytes, as a tool's result shows them. */
export class OutputSample {
  readonly #half: number;
  #head = Buffer.alloc(0);
  #tail: readonly Uint8Array[] = [];
  #tailBytes = 0;
  #total = 0;

  constructor(maxBytes: number = LIMITS.commandResultBytes) {
    this.#half = Math.floor(maxBytes / 2);
  }

  /** Takes the next piece. */
  add(bytes: Uint8Array): void {
    this.#total += bytes.byteLength;
    const room = this.#half - this.#head.byteLength;
    if (room > 0) this.#head = Buffer.concat([this.#head, bytes.subarray(0, room)]);
    const rest = room > 0 ? bytes.subarray(room) : bytes;
    if (rest.byteLength === 0) return;
    // Copied: a piece may be a view on a buffer that its sender uses again.
    this.#tail = [...this.#tail, Uint8Array.from(rest.subarray(-this.#half))];
    this.#tailBytes += Math.min(rest.byteLength, this.#half);
    if (this.#tailBytes > 2 * this.#half) this.#trim();
  }

  /** The text, with a note where something was left out; what is no UTF-8 becomes U+FFFD. */
  text(): string {
    this.#trim();
    const left = this.#total - this.#head.byteLength - this.#tailBytes;
    const note = left > 0 ? `\n[… ${left} bytes left out …]\n` : '';
    // Together where nothing is missing: a character may lie across the two.
    if (note === '') return Buffer.concat([this.#head, ...this.#tail]).toString('utf8');
    return this.#head.toString('utf8') + note + Buffer.concat(this.#tail).toString('utf8');
  }

  #trim(): void {
    const tail = Buffer.concat(this.#tail).subarray(-this.#half);
    this.#tail = [tail];
    this.#tailBytes = tail.byteLength;
  }
}
