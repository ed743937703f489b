/** One that is being made. */
interface Making {
  readonly workspaceId: string;
  readonly id: string;
}

/** What is being made besides. */
export interface Entered extends Disposable {
  /** Those of the same workspace that were asked for before this one. */
  readonly earlier: readonly string[];
}

/** Sandboxes that this process is making: the daemon may not list them yet. */
export class UnderWay {
  readonly #all = new Set<Making>();

  /** Counts the sandbox until it is disposed of, when it is made or has failed. */
  enter(making: Making): Entered {
    const earlier = [...this.#all]
      .filter(({ workspaceId }) => workspaceId === making.workspaceId)
      .map(({ id }) => id);
    const own = { ...making };
    this.#all.add(own);
    return { earlier, [Symbol.dispose]: () => void this.#all.delete(own) };
  }
}
