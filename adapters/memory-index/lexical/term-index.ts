import { withRoom } from '../in-process/growable.ts';

/** Entries that contain a term: slot and count in turns, slots ascending. */
export interface Posting {
  pairs: Int32Array;
  /** Numbers used in `pairs`. */
  used: number;
  /** Entries that are not removed. */
  containing: number;
}

const FIRST_PAIRS = 2;
const NO_PAIRS = new Int32Array(0);
const POSTING_OVERHEAD_BYTES = 250;

/**
 * From terms to slots. Slots are given out in ascending order by the caller; a removed one stays in the
 * postings, and the caller skips it, until everything is copied into a new index.
 */
export class TermIndex {
  readonly #idOf = new Map<string, number>();
  readonly #postings: Posting[] = [];
  /** The term ids of slot after slot, for the counts of what is removed. */
  #termIds = new Int32Array(0);
  #termIdsUsed = 0;
  #termIdsStart = new Int32Array(0);
  #lengths = new Int32Array(0);
  #entries = 0;
  #totalLength = 0;

  /** Entries that are not removed. */
  get entries(): number {
    return this.#entries;
  }

  get averageLength(): number {
    return this.#entries === 0 ? 0 : this.#totalLength / this.#entries;
  }

  get terms(): number {
    return this.#idOf.size;
  }

  /** Terms of each slot, repeated ones counted. */
  get lengths(): Int32Array {
    return this.#lengths;
  }

  add(slot: number, counts: ReadonlyMap<string, number>): void {
    this.#termIdsStart = withRoom(this.#termIdsStart, slot + 2);
    this.#lengths = withRoom(this.#lengths, slot + 1);
    this.#termIds = withRoom(this.#termIds, this.#termIdsUsed + counts.size);
    let length = 0;
    for (const [term, count] of counts) {
      length += count;
      this.#termIds[this.#termIdsUsed] = this.#append(term, slot, count);
      this.#termIdsUsed += 1;
    }
    this.#termIdsStart[slot + 1] = this.#termIdsUsed;
    this.#lengths[slot] = length;
    this.#totalLength += length;
    this.#entries += 1;
  }

  remove(slot: number): void {
    const end = this.#termIdsStart[slot + 1] ?? 0;
    for (let at = this.#termIdsStart[slot] ?? 0; at < end; at += 1) {
      const posting = this.#postings[this.#termIds[at] ?? -1];
      if (posting !== undefined) posting.containing -= 1;
    }
    this.#totalLength -= this.#lengths[slot] ?? 0;
    this.#entries -= 1;
  }

  posting(term: string): Posting | undefined {
    return this.#postings[this.#idOf.get(term) ?? -1];
  }

  /** The entries that this index would have without those that `slotOf` gives -1 for. */
  compacted(slotOf: Int32Array, slots: number): TermIndex {
    const next = new TermIndex();
    const counts = Array.from({ length: slots }, () => new Map<string, number>());
    for (const [term, id] of this.#idOf) {
      const { pairs, used } = this.#postings[id] ?? { pairs: NO_PAIRS, used: 0 };
      for (let at = 0; at < used; at += 2) {
        counts[slotOf[pairs[at] ?? 0] ?? -1]?.set(term, pairs[at + 1] ?? 0);
      }
    }
    for (const [slot, terms] of counts.entries()) next.add(slot, terms);
    return next;
  }

  get bytes(): number {
    const postings = this.#postings.reduce((sum, { pairs }) => sum + pairs.byteLength, 0);
    const own = this.#termIds.byteLength + this.#termIdsStart.byteLength + this.#lengths.byteLength;
    return own + postings + this.#idOf.size * POSTING_OVERHEAD_BYTES;
  }

  #append(term: string, slot: number, count: number): number {
    let id = this.#idOf.get(term);
    if (id === undefined) {
      id = this.#postings.length;
      this.#idOf.set(term, id);
      this.#postings.push({ pairs: new Int32Array(2 * FIRST_PAIRS), used: 0, containing: 0 });
    }
    const posting = this.#postings[id];
    if (posting === undefined) return id;
    if (posting.used === posting.pairs.length) {
      const next = new Int32Array(posting.pairs.length * 2);
      next.set(posting.pairs);
      posting.pairs = next;
    }
    posting.pairs[posting.used] = slot;
    posting.pairs[posting.used + 1] = count;
    posting.used += 2;
    posting.containing += 1;
    return id;
  }
}

/** How often the term occurs in the slot. */
export function countIn({ pairs, used }: Posting, slot: number): number {
  let low = 0;
  let high = used / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = pairs[2 * middle] ?? 0;
    if (found === slot) return pairs[2 * middle + 1] ?? 0;
    if (found < slot) low = middle + 1;
    else high = middle - 1;
  }
  return 0;
}
