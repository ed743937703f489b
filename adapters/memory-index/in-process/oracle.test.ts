import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { entryOf, queryOf } from '../index-bench.suite.ts';
import { InProcessIndex } from './in-process-index.ts';
import type { IndexEntry, IndexProfile, IndexQuery } from '../port.ts';

/** The formulas once more, written down as plainly as can be; words are their own stems here. */
const WORDS = ['oslo', 'violin', 'bread', 'river', 'wolf'];
const WORKSPACE = 'ws_1';
const SET = 'toy:1:3';
const PARAMETERS = { dialogue: { k1: 0.9, b: 0.2 }, document: { k1: 1.2, b: 0.75 } };

const wordsOf = (text: string): string[] => text.split(' ').filter((word) => word !== '');
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const count = (words: readonly string[], word: string): number =>
  words.filter((other) => other === word).length;

function bm25(
  query: string,
  texts: readonly string[],
  { k1, b, visible }: { k1: number; b: number; visible: (text: number, word: string) => number },
): number[] {
  const bags = texts.map(wordsOf);
  const average = sum(bags.map(({ length }) => length)) / bags.length;
  return bags.map((bag, index) =>
    sum(
      [...new Set(wordsOf(query))].map((word) => {
        const tf = visible(index, word);
        const df = bags.filter((_, other) => visible(other, word) > 0).length;
        const idf = Math.log(1 + (bags.length - df + 0.5) / (df + 0.5));
        return tf === 0
          ? 0
          : (idf * tf * (k1 + 1)) / (tf + k1 * (1 - b + (b * bag.length) / average));
      }),
    ),
  );
}

interface Scores {
  readonly lexical: ReadonlyMap<string, number>;
  readonly cosine: ReadonlyMap<string, number>;
}

function scoresOf(
  all: readonly IndexEntry[],
  query: IndexQuery,
  seen: (e: IndexEntry) => boolean,
): Scores {
  const texts = all.map(({ text }) => text);
  const own = bm25(query.text ?? '', texts, {
    ...PARAMETERS[query.profile],
    visible: (index, word) => count(wordsOf(texts[index] ?? ''), word),
  }).map((score, index) => (seen(all[index] ?? entryOf('')) ? score : 0));
  const smooth = all.map((entry, index) =>
    !seen(entry)
      ? 0
      : sum(
          all.map((other, otherIndex) => {
            if (otherIndex === index) return own[index] ?? 0;
            if (entry.session === null || other.session?.id !== entry.session.id) return 0;
            const apart = Math.abs(entry.session.position - other.session.position);
            return ([0, 0.4, 0.2][apart] ?? 0) * (own[otherIndex] ?? 0);
          }),
        ),
  );
  const best = Math.max(...smooth);
  const sessions = [...new Set(all.flatMap(({ session }) => session?.id ?? []))];
  const members = sessions.map((id) => all.filter(({ session }) => session?.id === id));
  const ofSession = bm25(
    query.text ?? '',
    members.map((entries) => entries.map(({ text }) => text).join(' ')),
    {
      k1: 1.2,
      b: 0.75,
      visible: (index, word) =>
        sum((members[index] ?? []).filter(seen).map(({ text }) => count(wordsOf(text), word))),
    },
  );
  const bestSession = Math.max(...ofSession, 0);
  const total = smooth.map((score, index) => {
    if (query.profile === 'document' || score === 0) return score;
    const at = sessions.indexOf(all[index]?.session?.id ?? '');
    return score / best + (bestSession === 0 ? 0 : (0.3 * (ofSession[at] ?? 0)) / bestSession);
  });
  const unit = (values: Float32Array): number[] =>
    [...values].map((value) => value / Math.hypot(...values));
  const cosines = all.flatMap((entry) => {
    const [vector] = entry.vectors;
    if (vector === undefined || query.vector === null || !seen(entry)) return [];
    const wanted = unit(query.vector.values);
    const cosine = sum(unit(vector.values).map((value, index) => value * (wanted[index] ?? 0)));
    return cosine < 1e-6 ? [] : [[entry.id, cosine] as const];
  });
  return {
    lexical: new Map(
      all.flatMap(({ id }, i) => ((total[i] ?? 0) > 0 ? [[id, total[i] ?? 0]] : [])),
    ),
    cosine: new Map(cosines),
  };
}

function rankOf(scores: ReadonlyMap<string, number>, id: string): number {
  const score = scores.get(id) ?? 0;
  return score <= 0
    ? Infinity
    : [...scores.values()].filter((other) => other > score + 1e-9).length;
}

function fused(
  { lexical, cosine }: Scores,
  { text, vector, fusion }: IndexQuery,
  id: string,
): number {
  if (vector === null) return lexical.get(id) ?? 0;
  if (text === null) return Math.max(0, cosine.get(id) ?? 0);
  if (fusion.kind === 'rrf') {
    const part = (rank: number, weight: number): number => 1 / ((rank + 1) / weight + fusion.k - 1);
    return (
      part(rankOf(lexical, id), fusion.lexicalWeight) + part(rankOf(cosine, id), fusion.denseWeight)
    );
  }
  const share = (scores: ReadonlyMap<string, number>): number => {
    const best = Math.max(...scores.values(), 0);
    return best === 0 ? 0 : Math.max(0, scores.get(id) ?? 0) / best;
  };
  return share(lexical) + fusion.denseWeight * share(cosine);
}

/** Ranks of equal scores differ by rounding. */
function hangsOnTheLastBit({ lexical, cosine }: Scores): boolean {
  return [lexical, cosine].some((scores) => {
    const rounded = [...scores.values()].map((score) => score.toFixed(6));
    return new Set(rounded).size < rounded.length;
  });
}

const NOW = 100_000;

type Users = readonly string[] | null;

const isSeen =
  (users: Users) =>
  ({ attributes: { user } }: IndexEntry): boolean =>
    users === null || (typeof user === 'string' && users.includes(user));

function componentsOf(all: readonly IndexEntry[], query: IndexQuery, users: Users): Scores {
  const mine = all.filter(({ profile }) => profile === query.profile);
  return scoresOf(mine, query, isSeen(users));
}

function expected(
  all: readonly IndexEntry[],
  query: IndexQuery,
  users: Users,
): Map<string, number> {
  const scores = componentsOf(all, query, users);
  const mine = all.filter(({ profile }) => profile === query.profile);
  const found = mine.filter(isSeen(users)).map((entry): [string, number] => {
    const { lastAccessAt, stabilityMs } = entry.retention ?? { lastAccessAt: NOW, stabilityMs: 1 };
    const factor = 0.3 + 1.2 * Math.exp(-(NOW - lastAccessAt) / stabilityMs);
    return [entry.id, fused(scores, query, entry.id) * (query.decayAt === null ? 1 : factor)];
  });
  return new Map(found.filter(([, score]) => score > 1e-9));
}

const text = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 }).map((words) => words.join(' '));
const profile = fc.constantFrom<IndexProfile>('dialogue', 'document');
// Whole numbers far from each other's directions: no ranking hangs on the last bit of a float.
const values = fc
  .tuple(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: -9, max: 9 }),
    fc.integer({ min: -9, max: 9 }),
  )
  .map((numbers) => Float32Array.from(numbers));
const vector = values.map((numbers) => ({ set: SET, values: numbers }));

const change = fc.record({
  number: fc.integer({ min: 0, max: 11 }),
  remove: fc.integer({ min: 0, max: 5 }).map((roll) => roll === 5),
  text,
  profile: fc
    .integer({ min: 0, max: 3 })
    .map((roll): IndexProfile => (roll === 0 ? 'document' : 'dialogue')),
  inSession: fc.integer({ min: 0, max: 3 }).map((roll) => roll < 3),
  vectors: fc.option(vector).map((found) => (found === null ? [] : [found])),
  user: fc.option(fc.constantFrom('u1', 'u2')),
  retention: fc.option(
    fc.record({
      lastAccessAt: fc.integer({ min: 0, max: NOW }),
      stabilityMs: fc.integer({ min: 1_000, max: NOW }),
    }),
  ),
});

const search = fc.record({
  profile,
  texts: fc.tuple(text, vector, fc.constantFrom('text', 'vector', 'both')),
  fusion: fc.constantFrom<IndexQuery['fusion']>(
    { kind: 'weighted_sum', denseWeight: 0.3 },
    { kind: 'rrf', k: 60, lexicalWeight: 2, denseWeight: 1 },
  ),
  users: fc.option(fc.subarray(['u1', 'u2'], { minLength: 1 }), { freq: 2 }),
  decay: fc.boolean(),
});

test('every score is what the formulas say, after whatever was added, changed and removed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 12, maxLength: 60, size: 'max' }),
      search,
      async (changes, asked) => {
        await using index = new InProcessIndex({ minGaps: 3 });
        const all = new Map<string, IndexEntry>();
        for (const [version, { number, remove, inSession, user, ...rest }] of changes.entries()) {
          const id = `m${String(number).padStart(2, '0')}`;
          if (remove) {
            all.delete(id);
            await index.remove(WORKSPACE, [id]);
            continue;
          }
          const session = inSession ? { id: `s${number % 2}`, position: number >> 1 } : null;
          const attributes = user === null ? {} : { user };
          const entry = entryOf(id, { ...rest, version, session, attributes });
          all.set(id, entry);
          await index.upsert(WORKSPACE, [entry]);
        }
        const [words, direction, by] = asked.texts;
        const query = queryOf({
          profile: asked.profile,
          text: by === 'vector' ? null : words,
          vector: by === 'text' ? null : direction,
          fusion: asked.fusion,
          filter: asked.users === null ? null : { field: 'user', in: asked.users },
          decayAt: asked.decay ? NOW : null,
          limit: 50,
          explain: true,
        });
        const { hits, missing } = await index.search(WORKSPACE, query);
        const known = missing.length === 0 ? query : { ...query, vector: null };
        // Without any vector the index ranks by words alone, if there are words.
        const wanted =
          known.vector === null && known.text === null
            ? new Map<string, number>()
            : expected([...all.values()], known, asked.users);
        const scored = (found: ReadonlyMap<string, number>): [string, number][] =>
          [...found].filter(([, score]) => score > 1e-6).sort(([x], [y]) => x.localeCompare(y));
        const got = scored(new Map(hits.map(({ id, score }) => [id, score])));
        if (known.text !== null && known.vector !== null && asked.fusion.kind === 'rrf') {
          fc.pre(!hangsOnTheLastBit(componentsOf([...all.values()], known, asked.users)));
        }
        expect(got.map(([id]) => id)).toEqual(scored(wanted).map(([id]) => id));
        for (const [id, score] of got) expect(score).toBeCloseTo(wanted.get(id) ?? -1, 5);
        const scores = hits.map(({ score }) => score);
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      },
    ),
    { numRuns: 300 },
  );
});
