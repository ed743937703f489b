import { withRoom } from '../in-process/growable.ts';

const WORD_BITS = 32;
const NO_BITS = new Int32Array(0);
/** Words that are counted in one go through the rows. */
const WORDS_AT_ONCE = 3;
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
  /** Word by word, each of all rows: a first choice reads few of them, one number behind the other. */
  readonly #columns: Int32Array[];
  #distances = new Uint16Array(0);

  constructor(dimensions: number, coarseRows = COARSE_ROWS) {
    this.#words = Math.ceil(dimensions / WORD_BITS);
    this.#coarseRows = coarseRows;
    this.#columns = Array.from({ length: this.#words }, () => NO_BITS);
  }

  /** Signs are taken relative to the centre: real vectors crowd on one side of the origin. */
  set(row: number, vector: Float32Array, centre: Float64Array): void {
    const signs = signsOf(vector, centre);
    for (let word = 0; word < signs.length; word += 1) {
      const column = withRoom(this.#columns[word] ?? NO_BITS, row + 1);
      column[row] = signs[word] ?? 0;
      this.#columns[word] = column;
    }
  }

  move(from: number, to: number): void {
    for (const column of this.#columns) column[to] = column[from] ?? 0;
  }

  /** At most `limit` of the rows, those that differ least. */
  nearest(
    { vector, centre }: { readonly vector: Float32Array; readonly centre: Float64Array },
    rows: Int32Array,
    limit: number,
  ): Int32Array {
    const query: Query = { signs: signsOf(vector, centre), counted: nonZeros(vector) };
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
    const columns = this.#columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return columns + this.#distances.byteLength;
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

  /** Notes the distance of each row; gives how many rows are at each. */
  #measure({ signs, counted, words }: OrderedQuery, rows: Int32Array): Uint32Array {
    const distances = this.#distances;
    distances.fill(0, 0, rows.length);
    for (let at = 0; at < words.length; at += WORDS_AT_ONCE) {
      // Behind the last word stand columns of which no bit counts.
      const columns = [0, 1, 2].map((next) => this.#columns[words[at + next] ?? 0]);
      const [a = NO_BITS, b = NO_BITS, c = NO_BITS] = columns;
      const [signsA, signsB, signsC] = [signs[at] ?? 0, signs[at + 1] ?? 0, signs[at + 2] ?? 0];
      const [wantA, wantB, wantC] = [counted[at] ?? 0, counted[at + 1] ?? 0, counted[at + 2] ?? 0];
      for (let index = 0; index < rows.length; index += 1) {
        const row = rows[index] ?? 0;
        const sums =
          bitsPerByte(((a[row] ?? 0) ^ signsA) & wantA) +
          bitsPerByte(((b[row] ?? 0) ^ signsB) & wantB) +
          bitsPerByte(((c[row] ?? 0) ^ signsC) & wantC);
        distances[index] = (distances[index] ?? 0) + (Math.imul(sums, 0x01010101) >>> 24);
      }
    }
    const perDistance = new Uint32Array(this.#words * WORD_BITS + 1);
    for (let index = 0; index < rows.length; index += 1) {
      const distance = distances[index] ?? 0;
      perDistance[distance] = (perDistance[distance] ?? 0) + 1;
    }
    return perDistance;
  }
}

/** How many bits are set, of each byte in that byte. */
function bitsPerByte(bits: number): number {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return (fours + (fours >>> 4)) & 0x0f0f0f0f;
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

function signsOf(vector: Float32Array, centre: Float64Array): Int32Array {
  const words = new Int32Array(Math.ceil(vector.length / WORD_BITS));
  for (let index = 0; index < vector.length; index += 1) {
    if ((vector[index] ?? 0) < (centre[index] ?? 0)) continue;
    const word = index >> 5;
    words[word] = (words[word] ?? 0) | (1 << (index & 31));
  }
  return words;
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
