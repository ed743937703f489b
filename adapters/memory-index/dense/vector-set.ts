import { AppError } from '../../../contracts/app-error.ts';
import { withRoom } from '../in-process/growable.ts';
import type { TopSlots, Scored } from '../in-process/top-slots.ts';
import { SignBits } from './sign-bits.ts';
import { LEAST_COSINE, unitVector } from './unit-vector.ts';
import { VectorBlocks } from './vector-blocks.ts';

/** Up to so many multiplications every vector is compared; beyond that, signs choose candidates. */
const EXACT_PRODUCTS = 2_000_000;
const MIN_CANDIDATES = 400;
const CANDIDATES_PER_HIT = 8;
/** The first centre is reckoned from so many vectors, the next whenever their number has doubled. */
const FIRST_CENTRE = 256;

interface Approximation {
  readonly exactProducts?: number;
  readonly coarseRows?: number | undefined;
}

/** The vectors of one embedder, one per slot. */
export class VectorSet {
  readonly dimensions: number;
  readonly #exactProducts: number;
  readonly #vectors: VectorBlocks;
  readonly #bits: SignBits;
  readonly #rowOf = new Map<number, number>();
  #slotOf = new Int32Array(0);
  /** Used by one search after the other. */
  #visible = new Int32Array(0);
  #centre: Float64Array;
  #nextCentre = FIRST_CENTRE;

  /** From where on it approximates can be said, for a proof of how well it does. */
  constructor(
    dimensions: number,
    { exactProducts = EXACT_PRODUCTS, coarseRows }: Approximation = {},
  ) {
    this.dimensions = dimensions;
    this.#exactProducts = exactProducts;
    this.#vectors = new VectorBlocks(dimensions);
    this.#bits = new SignBits(dimensions, coarseRows);
    this.#centre = new Float64Array(dimensions);
  }

  get count(): number {
    return this.#rowOf.size;
  }

  get bytes(): number {
    return this.#vectors.bytes + this.#bits.bytes + this.#slotOf.byteLength + this.count * 40;
  }

  /** Refuses vectors of other sets in disguise. */
  checked(values: Float32Array): Float32Array {
    if (values.length !== this.dimensions) {
      throw new AppError(
        'embedding.invalid',
        `a vector has ${values.length} dimensions where its set has ${this.dimensions}`,
      );
    }
    return unitVector(values);
  }

  set(slot: number, values: Float32Array): void {
    const vector = this.checked(values);
    const row = this.#rowOf.get(slot) ?? this.#rowOf.size;
    this.#rowOf.set(slot, row);
    this.#slotOf = withRoom(this.#slotOf, row + 1);
    this.#slotOf[row] = slot;
    this.#vectors.set(row, vector);
    this.#bits.set(row, vector, this.#centre);
    if (this.count >= this.#nextCentre) this.#recentre();
  }

  /** The last row takes the place of the removed one. */
  remove(slot: number): void {
    const row = this.#rowOf.get(slot);
    if (row === undefined) return;
    const last = this.#rowOf.size - 1;
    const moved = this.#slotOf[last] ?? slot;
    this.#rowOf.delete(slot);
    if (row === last) return;
    this.#vectors.set(row, this.#vectors.get(last));
    this.#bits.move(last, row);
    this.#slotOf[row] = moved;
    this.#rowOf.set(moved, row);
  }

  /** Gives slots new numbers. */
  renumber(slotOf: Int32Array): void {
    const rows = [...this.#rowOf];
    this.#rowOf.clear();
    for (const [old, row] of rows) {
      const slot = slotOf[old] ?? -1;
      this.#rowOf.set(slot, row);
      this.#slotOf[row] = slot;
    }
  }

  /** The cosine of a slot's vector with a vector of length 1; null where there is none. */
  cosine(slot: number, query: Float32Array): number | null {
    const row = this.#rowOf.get(slot);
    return row === undefined ? null : this.#vectors.dot(row, query);
  }

  /** The nearest slots that the mask lets through, offered to `top`; `wanted` of them matter. */
  search(
    query: Float32Array,
    mask: Uint8Array,
    { top, wanted }: { readonly top: TopSlots; readonly wanted: number },
  ): Scored[] {
    const visible = this.#visibleRows(mask);
    const exact = visible.length * this.dimensions <= this.#exactProducts;
    const rows = exact
      ? visible
      : this.#bits.nearest(
          { vector: query, centre: this.#centre },
          visible,
          Math.max(MIN_CANDIDATES, CANDIDATES_PER_HIT * wanted),
        );
    for (const row of rows) {
      const cosine = this.#vectors.dot(row, query);
      // What points elsewhere is unlike, however little else there is.
      if (cosine >= LEAST_COSINE) top.offer(this.#slotOf[row] ?? 0, cosine);
    }
    return top.take();
  }

  #visibleRows(mask: Uint8Array): Int32Array {
    const { count } = this;
    this.#visible = withRoom(this.#visible, count);
    const rows = this.#visible;
    let used = 0;
    for (let row = 0; row < count; row += 1) {
      if (mask[this.#slotOf[row] ?? -1] !== 1) continue;
      rows[used] = row;
      used += 1;
    }
    return rows.subarray(0, used);
  }

  #recentre(): void {
    const centre = new Float64Array(this.dimensions);
    for (let row = 0; row < this.count; row += 1) {
      const vector = this.#vectors.get(row);
      for (let index = 0; index < vector.length; index += 1) {
        centre[index] = (centre[index] ?? 0) + (vector[index] ?? 0) / this.count;
      }
    }
    this.#centre = centre;
    for (let row = 0; row < this.count; row += 1) {
      this.#bits.set(row, this.#vectors.get(row), centre);
    }
    this.#nextCentre = 2 * this.count;
  }
}
