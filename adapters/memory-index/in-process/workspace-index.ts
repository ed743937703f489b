import { Shelf } from './shelf.ts';
import type {
  IndexAnswer,
  IndexEntry,
  IndexProfile,
  IndexQuery,
  IndexStats,
  TermFrequencies,
} from '../port.ts';

/** One workspace's index: nothing in it refers to another's. */
export class WorkspaceIndex {
  readonly #shelves: Readonly<Record<IndexProfile, Shelf>>;

  constructor(minGaps: number) {
    this.#shelves = {
      dialogue: new Shelf('dialogue', minGaps),
      document: new Shelf('document', minGaps),
    };
  }

  upsert(entry: IndexEntry): void {
    const other = this.#shelves[entry.profile === 'dialogue' ? 'document' : 'dialogue'];
    const slot = other.entries.slotOf(entry.id);
    if (slot !== undefined && entry.version < other.entries.version(slot)) return;
    this.#shelves[entry.profile].upsert(entry);
    other.remove(entry.id);
  }

  remove(id: string): void {
    for (const shelf of Object.values(this.#shelves)) shelf.remove(id);
  }

  search(query: IndexQuery): IndexAnswer {
    return this.#shelves[query.profile].search(query);
  }

  frequencies({ profile, text }: Pick<IndexEntry, 'profile' | 'text'>): TermFrequencies {
    return this.#shelves[profile].lexical.frequencies(text);
  }

  get count(): number {
    return Object.values(this.#shelves).reduce((sum, { entries }) => sum + entries.count, 0);
  }

  stats(): IndexStats {
    const shelves = Object.values(this.#shelves);
    const sum = (measure: (shelf: Shelf) => number): number =>
      shelves.reduce((total, shelf) => total + measure(shelf), 0);
    const sets = shelves.flatMap(({ vectors }) => [...vectors]);
    const vectors: Record<string, number> = {};
    for (const [name, { count }] of sets) vectors[name] = (vectors[name] ?? 0) + count;
    return {
      entries: {
        dialogue: this.#shelves.dialogue.entries.count,
        document: this.#shelves.document.entries.count,
      },
      terms: sum(({ lexical }) => lexical.terms),
      vectors,
      bytes: {
        lexical: sum(({ lexical }) => lexical.bytes),
        vectors: sets.reduce((total, [, { bytes }]) => total + bytes, 0),
        entries: sum(({ entries }) => entries.bytes),
      },
    };
  }
}
