import type { OutputChunk } from '../port.ts';

const GRANT_BYTES = 1 << 18;

/** Output between the runner and its reader; its bounds are the credits given for what was read. */
export class OutputQueue implements AsyncIterable<OutputChunk> {
  readonly #grant: (bytes: number) => void;
  readonly #chunks: OutputChunk[] = [];
  #bytes = 0;
  #read = 0;
  #end: { readonly error: Error | null } | null = null;
  #wake = Promise.withResolvers<null>();

  constructor(grant: (bytes: number) => void) {
    this.#grant = grant;
  }

  /** Bytes that nobody has read, or that no credit was given for yet. */
  get pending(): number {
    return this.#bytes + this.#read;
  }

  push(chunk: OutputChunk): void {
    if (this.#end !== null) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes.length;
    this.#wake.resolve(null);
  }

  /** Nothing more comes; with an error, the reader gets it after what is there. */
  end(error: Error | null = null): void {
    this.#end ??= { error };
    this.#wake.resolve(null);
  }

  /** The credit of all that is read is given with the next request instead. */
  forgetRead(): void {
    this.#read = 0;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bytes -= chunk.bytes.length;
        this.#read += chunk.bytes.length;
        yield chunk;
        if (this.#read >= GRANT_BYTES) {
          const bytes = this.#read;
          this.#read = 0;
          this.#grant(bytes);
        }
        continue;
      }
      if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error;
        return;
      }
      this.#wake = Promise.withResolvers<null>();
      await this.#wake.promise;
    }
  }
}
