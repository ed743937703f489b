import { selectSlots } from '../filter/select-slots.ts';
import { fuse, type BestScores, type Standings } from '../fusion/fuse.ts';
import { retentionFactor } from '../fusion/retention.ts';
import { TopSlots, type Scored } from './top-slots.ts';
import type { EntryTable } from './entry-table.ts';
import type { LexicalIndex } from '../lexical/lexical-index.ts';
import type { LexicalScores } from '../lexical/lexical-scores.ts';
import type { VectorSet } from '../dense/vector-set.ts';
import type { Explanation, Hit, IndexAnswer, IndexFilter, IndexQuery } from '../port.ts';

/** What a search reads. */
export interface Searchable {
  readonly entries: EntryTable;
  readonly lexical: LexicalIndex;
  readonly vectors: ReadonlyMap<string, VectorSet>;
}

const CANDIDATES_PER_HIT = 3;
const MIN_CANDIDATES = 50;

interface Ranking {
  readonly rankOf: ReadonlyMap<number, number>;
  readonly best: number;
}

interface LexicalRanking extends Ranking {
  readonly scores: LexicalScores;
}

interface DenseRanking extends Ranking {
  readonly set: VectorSet;
  readonly query: Float32Array;
}

interface Rankings {
  readonly lexical: LexicalRanking | null;
  readonly dense: DenseRanking | null;
}

/** One search, exact for all candidates that one of the rankings brings up. */
export function searchShelf(shelf: Searchable, query: IndexQuery): IndexAnswer {
  const { entries } = shelf;
  const mask = maskOf(entries, query.filter);
  const wanted = Math.max(CANDIDATES_PER_HIT * query.limit, MIN_CANDIDATES);
  const isBefore = (a: number, b: number): boolean => entries.id(a) < entries.id(b);
  const newTop = (limit = wanted): TopSlots => new TopSlots(limit, isBefore);
  const lexical =
    query.text === null ? null : rankLexically(shelf, newTop(), { text: query.text, mask });
  const dense = rankDensely(shelf, newTop(), { query, mask, wanted });
  const rankings: Rankings = { lexical, dense };
  const pool = newTop();
  const candidates = new Set([...(lexical?.rankOf.keys() ?? []), ...(dense?.rankOf.keys() ?? [])]);
  for (const slot of candidates) {
    const score = fusedScore(rankings, query, slot);
    if (score > 0) pool.offer(slot, score);
  }
  const top = newTop(query.limit);
  const fused = pool.take();
  for (const { slot, score } of fused) top.offer(slot, score * factorOf(entries, query, slot));
  const hits = top.take().map((scored) => toHit(shelf, { query, rankings, scored }));
  return { hits, missing: query.vector !== null && dense === null ? ['dense'] : [] };
}

function maskOf(entries: EntryTable, filter: IndexFilter | null): Uint8Array {
  const { alive } = entries;
  if (filter === null) return alive;
  const selected = selectSlots(filter, entries.attributes, alive.length);
  for (let slot = 0; slot < alive.length; slot += 1) {
    selected[slot] = (selected[slot] ?? 0) & (alive[slot] ?? 0);
  }
  return selected;
}

function toRanking(found: readonly Scored[]): Ranking {
  return {
    rankOf: new Map(found.map(({ slot }, rank) => [slot, rank])),
    best: found[0]?.score ?? 0,
  };
}

function rankLexically(
  { lexical }: Searchable,
  top: TopSlots,
  { text, mask }: { readonly text: string; readonly mask: Uint8Array },
): LexicalRanking {
  const scores = lexical.score(text, mask);
  const { met, metCount, total } = scores;
  for (let index = 0; index < metCount; index += 1) {
    const slot = met[index] ?? 0;
    top.offer(slot, total[slot] ?? 0);
  }
  return { ...toRanking(top.take()), scores };
}

/** Null where the index has no vectors of that set. */
function rankDensely(
  { vectors }: Searchable,
  top: TopSlots,
  asked: { readonly query: IndexQuery; readonly mask: Uint8Array; readonly wanted: number },
): DenseRanking | null {
  const { query, mask, wanted } = asked;
  if (query.vector === null) return null;
  const set = vectors.get(query.vector.set);
  if (set === undefined) return null;
  const vector = set.checked(query.vector.values);
  return { ...toRanking(set.search(vector, mask, { top, wanted })), set, query: vector };
}

function standingsOf({ lexical, dense }: Rankings, slot: number): Standings {
  const total = lexical?.scores.total[slot] ?? 0;
  const cosine = dense?.set.cosine(slot, dense.query) ?? null;
  return {
    lexical: total === 0 ? null : { score: total, rank: lexical?.rankOf.get(slot) ?? null },
    dense: cosine === null ? null : { score: cosine, rank: dense?.rankOf.get(slot) ?? null },
  };
}

function fusedScore(rankings: Rankings, { fusion }: IndexQuery, slot: number): number {
  const standings = standingsOf(rankings, slot);
  const { lexical, dense } = rankings;
  if (dense === null) return standings.lexical?.score ?? 0;
  if (lexical === null) return standings.dense?.score ?? 0;
  const best: BestScores = { lexical: lexical.best, dense: dense.best };
  return fuse(fusion, standings, best);
}

function factorOf(entries: EntryTable, { decayAt }: IndexQuery, slot: number): number {
  return decayAt === null ? 1 : retentionFactor(entries.retention(slot), decayAt);
}

function toHit(
  { entries, lexical }: Searchable,
  found: { readonly query: IndexQuery; readonly rankings: Rankings; readonly scored: Scored },
): Hit {
  const { query, rankings, scored } = found;
  const { slot, score } = scored;
  const id = entries.id(slot);
  if (!query.explain) return { id, score, explanation: null };
  const standings = standingsOf(rankings, slot);
  const scores = rankings.lexical?.scores;
  const explanation: Explanation = {
    lexical:
      scores === undefined || standings.lexical === null
        ? null
        : {
            own: scores.own[slot] ?? 0,
            neighbours: scores.lent[slot] ?? 0,
            session: scores.session[slot] ?? 0,
            total: standings.lexical.score,
            rank: standings.lexical.rank,
            terms: lexical.explain(query.text ?? '', slot),
          },
    dense:
      standings.dense === null
        ? null
        : { cosine: standings.dense.score, rank: standings.dense.rank },
    fused: fusedScore(rankings, query, slot),
    retentionFactor: query.decayAt === null ? null : factorOf(entries, query, slot),
  };
  return { id, score, explanation };
}
