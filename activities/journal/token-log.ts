import type { TokenEvent } from '../../contracts/event.ts';

/** Pieces of text of a run, numbered behind the entry that was the last when they came. */
export class TokenLog {
  #tokens: readonly TokenEvent[] = [];
  #seq = 0;
  #sub = 0;

  /** Numbers count on even where earlier pieces were dropped. */
  append(seq: number, chunk: Pick<TokenEvent, 'stepId' | 'attempt' | 'text' | 'stream'>): void {
    this.#sub = seq === this.#seq ? this.#sub + 1 : 1;
    this.#seq = seq;
    const { stepId, attempt, text, stream } = chunk;
    const piece = { seq, sub: this.#sub, stepId, attempt, text };
    const token: TokenEvent = {
      type: 'token',
      ...piece,
      ...(stream === undefined ? {} : { stream }),
    };
    this.#tokens = [...this.#tokens, token];
  }

  /** Forgets the pieces of a step. */
  drop(stepId: string): void {
    this.#tokens = this.#tokens.filter((token) => token.stepId !== stepId);
  }

  /** Forgets all pieces. */
  clear(): void {
    this.#tokens = [];
  }

  /** What is left, in order. */
  all(): readonly TokenEvent[] {
    return this.#tokens;
  }
}
