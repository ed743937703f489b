const ROWS_PER_BLOCK = 1_024;

/** Vectors of one length, row by row; grows without ever copying what it has. */
export class VectorBlocks {
  readonly #dimensions: number;
  readonly #blocks: Float32Array[] = [];

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
  }

  set(row: number, vector: Float32Array): void {
    const block = Math.floor(row / ROWS_PER_BLOCK);
    while (this.#blocks.length <= block) {
      this.#blocks.push(new Float32Array(ROWS_PER_BLOCK * this.#dimensions));
    }
    this.#blocks[block]?.set(vector, (row % ROWS_PER_BLOCK) * this.#dimensions);
  }

  get(row: number): Float32Array {
    const start = (row % ROWS_PER_BLOCK) * this.#dimensions;
    const block = this.#blocks[Math.floor(row / ROWS_PER_BLOCK)] ?? new Float32Array(0);
    return block.subarray(start, start + this.#dimensions);
  }

  /** The product with a row; four sums at once, as one would wait for itself. */
  dot(row: number, query: Float32Array): number {
    const block = this.#blocks[Math.floor(row / ROWS_PER_BLOCK)];
    if (block === undefined) return 0;
    const start = (row % ROWS_PER_BLOCK) * this.#dimensions;
    const whole = query.length & ~3;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let index = 0;
    for (; index < whole; index += 4) {
      a += (block[start + index] ?? 0) * (query[index] ?? 0);
      b += (block[start + index + 1] ?? 0) * (query[index + 1] ?? 0);
      c += (block[start + index + 2] ?? 0) * (query[index + 2] ?? 0);
      d += (block[start + index + 3] ?? 0) * (query[index + 3] ?? 0);
    }
    for (; index < query.length; index += 1) a += (block[start + index] ?? 0) * (query[index] ?? 0);
    return a + b + c + d;
  }

  get bytes(): number {
    return this.#blocks.length * ROWS_PER_BLOCK * this.#dimensions * Float32Array.BYTES_PER_ELEMENT;
  }
}
