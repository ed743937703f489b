import { analyse, countTerms } from '../text/analyser.ts';
import { inverseDocumentFrequency, saturated } from './bm25.ts';
import { SESSION_BM25, type LexicalProfile } from './profiles.ts';
import { LexicalScores } from './lexical-scores.ts';
import { NEIGHBOURS, SessionLinks } from './session-links.ts';
import { countIn, TermIndex, type Posting } from './term-index.ts';
import type { IndexEntry, TermFrequencies } from '../port.ts';

/** BM25 with neighbours and sessions over slots that its owner numbers. */
export class LexicalIndex {
  readonly #profile: LexicalProfile;
  #terms = new TermIndex();
  #links = new SessionLinks();
  readonly #scores = new LexicalScores();

  constructor(profile: LexicalProfile) {
    this.#profile = profile;
  }

  get terms(): number {
    return this.#terms.terms;
  }

  get bytes(): number {
    return this.#terms.bytes + this.#links.bytes;
  }

  /** Slots ascend; none is used twice. */
  add(slot: number, text: string, place: IndexEntry['session']): void {
    this.#terms.add(slot, countTerms(analyse(text)));
    this.#links.add(slot, place, this.#terms.lengths[slot] ?? 0);
  }

  remove(slot: number): void {
    this.#links.remove(slot, this.#terms.lengths[slot] ?? 0);
    this.#terms.remove(slot);
  }

  /** Gives slots new numbers; those with -1 have been removed. */
  renumber(slotOf: Int32Array, slots: number): void {
    const terms = this.#terms.compacted(slotOf, slots);
    const links = new SessionLinks();
    for (const [old, slot] of slotOf.entries()) {
      if (slot >= 0) links.add(slot, this.#links.place(old), terms.lengths[slot] ?? 0);
    }
    this.#terms = terms;
    this.#links = links;
  }

  /**
   * The scores of all slots that the mask lets through; what it hides lends nothing either. Valid until
   * the next call: the numbers are kept in the same place.
   */
  score(text: string, mask: Uint8Array): LexicalScores {
    const terms = new Set(analyse(text));
    const scores = this.#scores;
    scores.reset(mask.length, this.#links.numbers);
    for (const term of terms) {
      const posting = this.#terms.posting(term);
      if (posting === undefined || posting.containing === 0) continue;
      this.#scoreTerm(posting, mask);
      if (this.#profile.sessionWeight > 0 && this.#links.sessions > 0) {
        this.#scoreSessions(posting, mask);
      }
    }
    if (this.#links.sessions > 0) this.#lend(mask);
    scores.finish(this.#profile.sessionWeight, this.#links.sessionOf);
    return scores;
  }

  frequencies(text: string): TermFrequencies {
    const terms = [...new Set(analyse(text))];
    const counts = terms.map((term) => [term, this.#terms.posting(term)?.containing ?? 0] as const);
    const containing = new Map(counts.filter(([, count]) => count > 0));
    return { entries: this.#terms.entries, containing };
  }

  /** BM25 of one slot, term by term. */
  explain(text: string, slot: number): Record<string, number> {
    const parts: Record<string, number> = {};
    for (const term of new Set(analyse(text))) {
      const posting = this.#terms.posting(term);
      const count = posting === undefined ? 0 : countIn(posting, slot);
      if (posting === undefined || count === 0) continue;
      const length = (this.#terms.lengths[slot] ?? 0) / this.#terms.averageLength;
      parts[term] = this.#rarity(posting) * saturated(count, length, this.#profile);
    }
    return parts;
  }

  #rarity({ containing }: Posting): number {
    return inverseDocumentFrequency(this.#terms.entries, containing);
  }

  #scoreTerm(posting: Posting, mask: Uint8Array): void {
    const { pairs, used } = posting;
    const { own } = this.#scores;
    const { lengths } = this.#terms;
    const { k1, b } = this.#profile;
    const weight = this.#rarity(posting) * (k1 + 1);
    const fixed = k1 * (1 - b);
    const perTerm = (k1 * b) / this.#terms.averageLength;
    for (let at = 0; at < used; at += 2) {
      const slot = pairs[at] ?? 0;
      if (mask[slot] !== 1) continue;
      const count = pairs[at + 1] ?? 0;
      const before = own[slot] ?? 0;
      if (before === 0) this.#scores.meet(slot);
      own[slot] = before + (weight * count) / (count + fixed + perTerm * (lengths[slot] ?? 0));
    }
  }

  /** A session is the sum of its entries that may be seen. */
  #scoreSessions({ pairs, used }: Posting, mask: Uint8Array): void {
    const { sessionOf, lengths, sessions, totalLength } = this.#links;
    const { sessionCounts, sessionScores } = this.#scores;
    const met: number[] = [];
    for (let at = 0; at < used; at += 2) {
      const slot = pairs[at] ?? 0;
      const session = sessionOf[slot] ?? -1;
      if (mask[slot] !== 1 || session < 0) continue;
      const before = sessionCounts[session] ?? 0;
      if (before === 0) met.push(session);
      sessionCounts[session] = before + (pairs[at + 1] ?? 0);
    }
    const rarity = inverseDocumentFrequency(sessions, met.length);
    for (const session of met) {
      const length = ((lengths[session] ?? 0) * sessions) / totalLength;
      const score = rarity * saturated(sessionCounts[session] ?? 0, length, SESSION_BM25);
      sessionScores[session] = (sessionScores[session] ?? 0) + score;
      sessionCounts[session] = 0;
    }
  }

  #lend(mask: Uint8Array): void {
    const { own, lent, met } = this.#scores;
    const { neighbours } = this.#links;
    const [near, far] = this.#profile.neighbourWeights;
    const weights = [far, near, near, far];
    const lenders = this.#scores.metCount;
    for (let index = 0; index < lenders; index += 1) {
      const slot = met[index] ?? 0;
      const score = own[slot] ?? 0;
      for (let side = 0; side < NEIGHBOURS; side += 1) {
        const other = neighbours[NEIGHBOURS * slot + side] ?? -1;
        if (other < 0 || mask[other] !== 1) continue;
        if (own[other] === 0 && lent[other] === 0) this.#scores.meet(other);
        lent[other] = (lent[other] ?? 0) + score * (weights[side] ?? 0);
      }
    }
  }
}
