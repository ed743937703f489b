import { withRoom } from '../in-process/growable.ts';

const WORD_BITS = 32;
/** So many words can be summed up byte by byte before a byte could overflow. */
const WORDS_PER_SUM = 31;

/**
 * One bit per dimension, its sign: how many differ tells roughly how far two vectors are apart. Dimensions
 * that are zero in the query say nothing and do not count: hashed texts are zero in most.
 */
export class SignBits {
  readonly #words: number;
  #bits = new Int32Array(0);
  readonly #query: Int32Array;
  readonly #counted: Int32Array;
  #distances = new Uint16Array(0);

  constructor(dimensions: number) {
    this.#words = Math.ceil(dimensions / WORD_BITS);
    this.#query = new Int32Array(this.#words);
    this.#counted = new Int32Array(this.#words);
  }

  /** Signs are taken relative to the centre: real vectors crowd on one side of the origin. */
  set(row: number, vector: Float32Array, centre: Float64Array): void {
    this.#bits = withRoom(this.#bits, (row + 1) * this.#words);
    writeSigns(this.#bits.subarray(row * this.#words, (row + 1) * this.#words), vector, centre);
  }

  move(from: number, to: number): void {
    this.#bits.copyWithin(to * this.#words, from * this.#words, (from + 1) * this.#words);
  }

  /** At most `limit` rows that differ least, of those whose slot the mask lets through. */
  nearest(
    query: { readonly vector: Float32Array; readonly centre: Float64Array },
    rows: { readonly slotOf: Int32Array; readonly count: number; readonly mask: Uint8Array },
    limit: number,
  ): Int32Array {
    writeSigns(this.#query, query.vector, query.centre);
    writeNonZeros(this.#counted, query.vector);
    if (this.#distances.length < rows.count) this.#distances = new Uint16Array(rows.count);
    const perDistance = this.#measure(rows);
    let reach = 0;
    let within = perDistance[0] ?? 0;
    while (within < limit && reach < perDistance.length - 1) {
      reach += 1;
      within += perDistance[reach] ?? 0;
    }
    // Of those at the very reach, as many as there is room for.
    let room = limit - (within - (perDistance[reach] ?? 0));
    const found = new Int32Array(Math.min(limit, within));
    let used = 0;
    for (let row = 0; row < rows.count && used < found.length; row += 1) {
      const distance = this.#distances[row] ?? 0;
      if (distance > reach || (distance === reach && room === 0)) continue;
      if (distance === reach) room -= 1;
      found[used] = row;
      used += 1;
    }
    return found.subarray(0, used);
  }

  get bytes(): number {
    return this.#bits.byteLength + this.#distances.byteLength;
  }

  /** Notes the distance of each row; gives how many rows there are at each. */
  #measure({ slotOf, count, mask }: Parameters<SignBits['nearest']>[1]): Uint32Array {
    const words = this.#words;
    const hidden = words * WORD_BITS + 1;
    const perDistance = new Uint32Array(hidden);
    const signs = { query: this.#query, counted: this.#counted };
    const bits = this.#bits;
    const distances = this.#distances;
    for (let row = 0; row < count; row += 1) {
      if (mask[slotOf[row] ?? -1] !== 1) {
        distances[row] = hidden;
        continue;
      }
      const distance = difference(bits, row * words, signs);
      distances[row] = distance;
      perDistance[distance] = (perDistance[distance] ?? 0) + 1;
    }
    return perDistance;
  }
}

function writeSigns(words: Int32Array, vector: Float32Array, centre: Float64Array): void {
  words.fill(0);
  for (let index = 0; index < vector.length; index += 1) {
    if ((vector[index] ?? 0) < (centre[index] ?? 0)) continue;
    const word = index >> 5;
    words[word] = (words[word] ?? 0) | (1 << (index & 31));
  }
}

function writeNonZeros(words: Int32Array, vector: Float32Array): void {
  words.fill(0);
  for (let index = 0; index < vector.length; index += 1) {
    if (vector[index] === 0) continue;
    const word = index >> 5;
    words[word] = (words[word] ?? 0) | (1 << (index & 31));
  }
}

/** How many counted bits differ; adds up four counts at a time, each in a byte of its own. */
function difference(
  bits: Int32Array,
  start: number,
  { query, counted }: { readonly query: Int32Array; readonly counted: Int32Array },
): number {
  let total = 0;
  for (let from = 0; from < query.length; from += WORDS_PER_SUM) {
    const end = Math.min(from + WORDS_PER_SUM, query.length);
    let sums = 0;
    for (let word = from; word < end; word += 1) {
      let x = ((bits[start + word] ?? 0) ^ (query[word] ?? 0)) & (counted[word] ?? 0);
      x -= (x >>> 1) & 0x55555555;
      x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
      sums += (x + (x >>> 4)) & 0x0f0f0f0f;
    }
    const pairs = (sums & 0x00ff00ff) + ((sums >>> 8) & 0x00ff00ff);
    total += (pairs & 0xffff) + (pairs >>> 16);
  }
  return total;
}
