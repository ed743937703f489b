import { withRoom } from '../in-process/growable.ts';

const WORD_BITS = 32;
/** So many words can be summed up byte by byte before a byte could overflow. */
const WORDS_PER_SUM = 31;
/** Among more rows than these a quarter of the bits makes a first choice. */
const COARSE_ROWS = 16_384;
const COARSE_SHARE = 4;
/** The first choice keeps one row in so many, and so many for each that is wanted. */
const COARSE_KEEPS_ONE_IN = 16;
const COARSE_ROWS_PER_WANTED = 8;

/**
 * One bit per dimension, its sign: how many differ tells roughly how far two vectors are apart. Dimensions
 * that are zero in the query say nothing and do not count: hashed texts are zero in most.
 */
export class SignBits {
  readonly #words: number;
  readonly #coarseRows: number;
  #bits = new Int32Array(0);
  #distances = new Uint16Array(0);

  constructor(dimensions: number, coarseRows = COARSE_ROWS) {
    this.#words = Math.ceil(dimensions / WORD_BITS);
    this.#coarseRows = coarseRows;
  }

  /** Signs are taken relative to the centre: real vectors crowd on one side of the origin. */
  set(row: number, vector: Float32Array, centre: Float64Array): void {
    this.#bits = withRoom(this.#bits, (row + 1) * this.#words);
    writeSigns(this.#bits.subarray(row * this.#words, (row + 1) * this.#words), vector, centre);
  }

  move(from: number, to: number): void {
    this.#bits.copyWithin(to * this.#words, from * this.#words, (from + 1) * this.#words);
  }

  /** At most `limit` of the rows, those that differ least. */
  nearest(
    { vector, centre }: { readonly vector: Float32Array; readonly centre: Float64Array },
    rows: Int32Array,
    limit: number,
  ): Int32Array {
    const signs = new Int32Array(this.#words);
    writeSigns(signs, vector, centre);
    const query: Query = { signs, counted: nonZeros(vector) };
    const words = byWeight(vector);
    if (this.#distances.length < rows.length) this.#distances = new Uint16Array(rows.length);
    if (rows.length <= this.#coarseRows) return this.#choose(ordered(query, words), rows, limit);
    const coarse = ordered(query, words.subarray(0, Math.ceil(this.#words / COARSE_SHARE)));
    const kept = Math.max(
      COARSE_ROWS_PER_WANTED * limit,
      Math.ceil(rows.length / COARSE_KEEPS_ONE_IN),
    );
    return this.#choose(ordered(query, words), this.#choose(coarse, rows, kept), limit);
  }

  get bytes(): number {
    return this.#bits.byteLength + this.#distances.byteLength;
  }

  #choose(query: OrderedQuery, rows: Int32Array, limit: number): Int32Array {
    if (rows.length <= limit) return rows;
    const perDistance = this.#measure(query, rows);
    let reach = 0;
    let within = perDistance[0] ?? 0;
    while (within < limit && reach < perDistance.length - 1) {
      reach += 1;
      within += perDistance[reach] ?? 0;
    }
    // Of those at the very reach, as many as there is room for.
    let room = limit - (within - (perDistance[reach] ?? 0));
    const found = new Int32Array(limit);
    let used = 0;
    for (let index = 0; index < rows.length && used < limit; index += 1) {
      const distance = this.#distances[index] ?? 0;
      if (distance > reach || (distance === reach && room === 0)) continue;
      if (distance === reach) room -= 1;
      found[used] = rows[index] ?? 0;
      used += 1;
    }
    return found;
  }

  /** Notes the distance of each row, counting four sums at a time; gives how many rows are at each. */
  #measure({ signs, counted, words }: OrderedQuery, rows: Int32Array): Uint32Array {
    const width = this.#words;
    const bits = this.#bits;
    const distances = this.#distances;
    const perDistance = new Uint32Array(width * WORD_BITS + 1);
    for (let index = 0; index < rows.length; index += 1) {
      const start = (rows[index] ?? 0) * width;
      let total = 0;
      for (let from = 0; from < words.length; from += WORDS_PER_SUM) {
        const end = Math.min(from + WORDS_PER_SUM, words.length);
        let sums = 0;
        for (let at = from; at < end; at += 1) {
          const found = bits[start + (words[at] ?? 0)] ?? 0;
          let x = (found ^ (signs[at] ?? 0)) & (counted[at] ?? 0);
          x -= (x >>> 1) & 0x55555555;
          x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
          sums += (x + (x >>> 4)) & 0x0f0f0f0f;
        }
        const pairs = (sums & 0x00ff00ff) + ((sums >>> 8) & 0x00ff00ff);
        total += (pairs & 0xffff) + (pairs >>> 16);
      }
      distances[index] = total;
      perDistance[total] = (perDistance[total] ?? 0) + 1;
    }
    return perDistance;
  }
}

interface Query {
  readonly signs: Int32Array;
  /** A bit for each dimension that is not zero. */
  readonly counted: Int32Array;
}

/** Of the query what is needed for these words, in their order. */
interface OrderedQuery extends Query {
  readonly words: Int32Array;
}

function ordered({ signs, counted }: Query, words: Int32Array): OrderedQuery {
  return {
    words,
    signs: words.map((word) => signs[word] ?? 0),
    counted: words.map((word) => counted[word] ?? 0),
  };
}

function writeSigns(words: Int32Array, vector: Float32Array, centre: Float64Array): void {
  words.fill(0);
  for (let index = 0; index < vector.length; index += 1) {
    if ((vector[index] ?? 0) < (centre[index] ?? 0)) continue;
    const word = index >> 5;
    words[word] = (words[word] ?? 0) | (1 << (index & 31));
  }
}

function nonZeros(vector: Float32Array): Int32Array {
  const words = new Int32Array(Math.ceil(vector.length / WORD_BITS));
  for (const [index, value] of vector.entries()) {
    if (value !== 0) words[index >> 5] = (words[index >> 5] ?? 0) | (1 << (index & 31));
  }
  return words;
}

/** All words, those first whose dimensions decide most. */
function byWeight(vector: Float32Array): Int32Array {
  const weights = new Float64Array(Math.ceil(vector.length / WORD_BITS));
  for (const [index, value] of vector.entries()) {
    weights[index >> 5] = (weights[index >> 5] ?? 0) + Math.abs(value);
  }
  const words = Int32Array.from(weights.keys());
  return words.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0));
}
