import { LexicalIndex } from '../lexical/lexical-index.ts';
import { LEXICAL_PROFILES } from '../lexical/profiles.ts';
import { VectorSet } from '../dense/vector-set.ts';
import { EntryTable } from './entry-table.ts';
import { searchShelf } from './search-shelf.ts';
import type { IndexAnswer, IndexEntry, IndexProfile, IndexQuery, NamedVector } from '../port.ts';

/** All entries of one profile in one workspace. */
export class Shelf {
  readonly entries = new EntryTable();
  readonly lexical: LexicalIndex;
  readonly vectors = new Map<string, VectorSet>();
  readonly #minGaps: number;

  constructor(profile: IndexProfile, minGaps: number) {
    this.lexical = new LexicalIndex(LEXICAL_PROFILES[profile]);
    this.#minGaps = minGaps;
  }

  upsert(entry: IndexEntry): void {
    const known = this.entries.slotOf(entry.id);
    if (known !== undefined && entry.version < this.entries.version(known)) return;
    this.#checkVectors(entry.vectors);
    if (known !== undefined && this.entries.hasSameText(known, entry)) {
      this.entries.update(known, entry);
      this.#setVectors(known, entry.vectors);
      return;
    }
    if (known !== undefined) this.#removeSlot(known);
    const slot = this.entries.add(entry);
    this.lexical.add(slot, entry.text, entry.session);
    this.#setVectors(slot, entry.vectors);
    this.#closeGaps();
  }

  remove(id: string): void {
    const slot = this.entries.slotOf(id);
    if (slot === undefined) return;
    this.#removeSlot(slot);
    this.#closeGaps();
  }

  search(query: IndexQuery): IndexAnswer {
    return searchShelf(this, query);
  }

  /** Before anything is changed: half an entry would be worse than none. */
  #checkVectors(vectors: readonly NamedVector[]): void {
    for (const { set, values } of vectors) {
      (this.vectors.get(set) ?? new VectorSet(values.length)).checked(values);
    }
  }

  #setVectors(slot: number, vectors: readonly NamedVector[]): void {
    for (const [name, set] of this.vectors) {
      if (!vectors.some((vector) => vector.set === name)) this.#removeVector(slot, name, set);
    }
    for (const { set: name, values } of vectors) {
      const set = this.vectors.get(name) ?? new VectorSet(values.length);
      this.vectors.set(name, set);
      set.set(slot, values);
    }
  }

  #removeSlot(slot: number): void {
    this.entries.remove(slot);
    this.lexical.remove(slot);
    for (const [name, set] of this.vectors) this.#removeVector(slot, name, set);
  }

  #removeVector(slot: number, name: string, set: VectorSet): void {
    set.remove(slot);
    if (set.count === 0) this.vectors.delete(name);
  }

  /** Removed slots cost time in every search; closing gaps costs as much as indexing, so now and then. */
  #closeGaps(): void {
    const gaps = this.entries.slots - this.entries.count;
    if (gaps < this.#minGaps || 3 * gaps < this.entries.count) return;
    const slotOf = this.entries.compact();
    this.lexical.renumber(slotOf, this.entries.slots);
    for (const set of this.vectors.values()) set.renumber(slotOf);
  }
}
