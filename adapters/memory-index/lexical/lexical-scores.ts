/** Scores of one search by slot; the arrays are used again by the next. */
export class LexicalScores {
  /** BM25 of the entry itself. */
  own = new Float64Array(0);
  /** What its neighbours lend it. */
  lent = new Float64Array(0);
  /** What its session adds. */
  session = new Float64Array(0);
  total = new Float64Array(0);
  sessionScores = new Float64Array(0);
  sessionCounts = new Float64Array(0);
  /** Slots with a score, in no order; `metCount` of them. */
  met = new Int32Array(0);
  metCount = 0;

  reset(slots: number, sessions: number): void {
    if (this.own.length < slots) {
      this.own = new Float64Array(slots);
      this.lent = new Float64Array(slots);
      this.session = new Float64Array(slots);
      this.total = new Float64Array(slots);
      this.met = new Int32Array(slots);
    } else {
      for (let index = 0; index < this.metCount; index += 1) this.#forget(this.met[index] ?? 0);
    }
    this.metCount = 0;
    if (this.sessionScores.length < sessions) {
      this.sessionScores = new Float64Array(sessions);
      this.sessionCounts = new Float64Array(sessions);
    } else {
      this.sessionScores.fill(0);
    }
  }

  /** Notes a slot that gets its first score. */
  meet(slot: number): void {
    this.met[this.metCount] = slot;
    this.metCount += 1;
  }

  /**
   * Adds up. With a weight for sessions, entries and sessions are divided by their best first: zero is
   * the least that either can score.
   */
  finish(sessionWeight: number, sessionOf: Int32Array): void {
    const { own, lent, session, total, met, metCount, sessionScores } = this;
    let best = 0;
    for (let index = 0; index < metCount; index += 1) {
      const slot = met[index] ?? 0;
      const score = (own[slot] ?? 0) + (lent[slot] ?? 0);
      total[slot] = score;
      if (score > best) best = score;
    }
    if (sessionWeight === 0 || best === 0) return;
    const bestSession = sessionScores.reduce((max, score) => Math.max(max, score), 0);
    for (let index = 0; index < metCount; index += 1) {
      const slot = met[index] ?? 0;
      const score = sessionScores[sessionOf[slot] ?? -1] ?? 0;
      session[slot] = bestSession === 0 ? 0 : (sessionWeight * score) / bestSession;
      total[slot] = (total[slot] ?? 0) / best + (session[slot] ?? 0);
    }
  }

  #forget(slot: number): void {
    this.own[slot] = 0;
    this.lent[slot] = 0;
    this.session[slot] = 0;
    this.total[slot] = 0;
  }
}
