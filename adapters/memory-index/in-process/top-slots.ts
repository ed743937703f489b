/** A slot and its score. */
export interface Scored {
  readonly slot: number;
  readonly score: number;
}

/** The best, kept while one after the other is offered; which of two equals goes first, its owner says. */
export class TopSlots {
  readonly #limit: number;
  readonly #isBefore: (a: number, b: number) => boolean;
  /** A heap with the worst on top. */
  readonly #heap: Scored[] = [];

  constructor(limit: number, isBefore: (a: number, b: number) => boolean) {
    this.#limit = limit;
    this.#isBefore = isBefore;
  }

  offer(slot: number, score: number): void {
    const worst = this.#heap[0];
    if (this.#heap.length < this.#limit) {
      this.#heap.push({ slot, score });
      this.#rise(this.#heap.length - 1);
      return;
    }
    if (worst === undefined || score < worst.score) return;
    const item = { slot, score };
    if (this.#isWorse(worst, item)) {
      this.#heap[0] = item;
      this.#sink();
    }
  }

  /** What was kept, the best first. */
  take(): Scored[] {
    return this.#heap.toSorted((a, b) => (this.#isWorse(b, a) ? -1 : 1));
  }

  #isWorse(a: Scored, b: Scored): boolean {
    return a.score === b.score ? this.#isBefore(b.slot, a.slot) : a.score < b.score;
  }

  #rise(start: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfWorse(at, parent)) return;
      at = parent;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [this.#heap[left], this.#heap[left + 1]];
      if (a === undefined) return;
      const child = b !== undefined && this.#isWorse(b, a) ? left + 1 : left;
      if (!this.#swapIfWorse(child, at)) return;
      at = child;
    }
  }

  #swapIfWorse(child: number, parent: number): boolean {
    const [below, above] = [this.#heap[child], this.#heap[parent]];
    if (below === undefined || above === undefined || !this.#isWorse(below, above)) return false;
    this.#heap[child] = above;
    this.#heap[parent] = below;
    return true;
  }
}
