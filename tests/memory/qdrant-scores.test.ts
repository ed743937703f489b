import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { entryOf, queryOf } from '../../adapters/memory-index/index-bench.suite.ts';
import { fuse } from '../../adapters/memory-index/fusion/fuse.ts';
import { retentionFactor } from '../../adapters/memory-index/fusion/retention.ts';
import { InProcessIndex } from '../../adapters/memory-index/in-process/in-process-index.ts';
import { inverseDocumentFrequency, saturated } from '../../adapters/memory-index/lexical/bm25.ts';
import { analyse, countTerms } from '../../adapters/memory-index/text/analyser.ts';
import { describeUnless } from '../harness/not-run.ts';
import { useQdrant } from './qdrant-bench.ts';
import { findQdrant } from './qdrant-server.ts';
import type {
  Fusion,
  Hit,
  IndexEntry,
  IndexFilter,
  MemoryIndex,
} from '../../adapters/memory-index/port.ts';

const WORDS = 'violin trumpet oboe drum harp flute cello tuba organ bell lute viola'.split(' ');
const SET = 'random:1:8';
const NOW = Date.UTC(2026, 4, 1, 12);
const ENTRIES = 80;
/** Qdrant reckons with single precision. */
const DIGITS = 5;

/** Numbers from 0 to 1, the same in each run. */
function randomNumbers(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function makeEntries(): readonly IndexEntry[] {
  const random = randomNumbers();
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: ENTRIES }, (_, number) => {
    const words = Array.from({ length: 3 + below(30) }, () => WORDS[below(2 + below(10))]);
    const values = Float32Array.from({ length: 8 }, () => random() - 0.4);
    const retention = { lastAccessAt: NOW - below(2e9) + 1e8, stabilityMs: 1 + below(2e9) };
    return entryOf(`m${number}`, {
      text: `music ${words.join(' ')}`,
      vectors: number % 7 === 0 ? [] : [{ set: SET, values }],
      retention: number % 5 === 0 ? null : retention,
      attributes: {
        user: `u${below(3)}`,
        year: 2020 + below(4) + (number % 3) / 2,
        ...(below(2) === 0 ? {} : { tags: ['red', 'blue'].slice(below(2)) }),
        ...(below(2) === 0 ? {} : { pinned: below(2) === 0 }),
      },
    });
  });
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const filters = fc.letrec<{ filter: IndexFilter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    fc.record({
      field: fc.constantFrom('user', 'tags', 'year', 'pinned', 'nothing'),
      in: fc.array(fc.constantFrom('u0', 'u1', 'red', 'blue', 2020, 2021.5, true, false), {
        maxLength: 3,
      }),
    }),
    fc.record(
      {
        field: fc.constantFrom('year', 'user', 'nothing'),
        atLeast: fc.constantFrom(2019, 2020.5, 2021, 2022),
        below: fc.constantFrom(2020.5, 2021, 2023),
      },
      { requiredKeys: ['field'] },
    ),
    fc.record({ all: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ not: tie('filter') }),
  ),
}));

const qdrant = await findQdrant();

describeUnless(qdrant.lacking, `Qdrant's scores and filters (${qdrant.what})`, () => {
  const bench = useQdrant(qdrant);
  const entries = makeEntries();
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const vector = { set: SET, values: Float32Array.from([1, 2, -1, 0.5, 0, 0, 1, 3]) };
  const text = 'a harp, an oboe and a bell';
  let index: MemoryIndex;

  beforeAll(async () => {
    index = bench.open(bench.newCollection());
    await index.upsert('ws_1', entries);
    // A neighbour with other frequencies, which must not count.
    await index.upsert('ws_2', [
      entryOf('x', { text: 'harp' }),
      entryOf('y', { text: 'harp oboe' }),
    ]);
  });

  function wordScore(entry: IndexEntry): number {
    const terms = analyse(entry.text);
    const counts = countTerms(terms);
    const containing = (term: string): number =>
      entries.filter((other) => analyse(other.text).includes(term)).length;
    const scores = [...new Set(analyse(text))].map((term) => {
      const count = counts.get(term);
      if (count === undefined) return 0;
      const weight = saturated(count, terms.length / 256, { k1: 0.9, b: 0.2 });
      return weight * inverseDocumentFrequency(ENTRIES, containing(term));
    });
    return scores.reduce((sum, score) => sum + score, 0);
  }

  async function hitsOf(changes: Parameters<typeof queryOf>[0]): Promise<readonly Hit[]> {
    return (await index.search('ws_1', queryOf({ limit: ENTRIES, ...changes }))).hits;
  }

  test('scores words by BM25, and rarity among the entries of the workspace alone', async () => {
    const hits = await hitsOf({ text });
    const wanted = entries.filter((entry) => wordScore(entry) > 0);
    expect(hits).toHaveLength(wanted.length);
    for (const { id, score } of hits) {
      expect(score).toBeCloseTo(wordScore(byId.get(id) ?? entryOf('')), DIGITS);
    }
  });

  test('scores directions by their cosine, exactly in spite of the bytes that find them', async () => {
    const hits = await hitsOf({ vector });
    for (const { id, score } of hits) {
      const [own] = byId.get(id)?.vectors ?? [];
      expect(score).toBeCloseTo(cosine(vector.values, own?.values ?? vector.values), DIGITS);
    }
    const near = entries.filter(
      ({ vectors: [own] }) => own && cosine(vector.values, own.values) > 0,
    );
    expect(hits).toHaveLength(near.length);
  });

  const FUSIONS: readonly (readonly [string, Fusion])[] = [
    ['ranks', { kind: 'rrf', k: 60, lexicalWeight: 1, denseWeight: 1 }],
    ['weighted ranks', { kind: 'rrf', k: 60, lexicalWeight: 1, denseWeight: 2.5 }],
    ['ranks with a small k', { kind: 'rrf', k: 2, lexicalWeight: 3, denseWeight: 1 }],
    ['ranks of one part', { kind: 'rrf', k: 60, lexicalWeight: 1, denseWeight: 0 }],
    ['a weighted sum', { kind: 'weighted_sum', denseWeight: 0.3 }],
  ];

  test.each(FUSIONS)(
    'fuses by %s as we do, also with what is remembered',
    async (_title, fusion) => {
      const hits = await hitsOf({ text, vector, fusion, decayAt: NOW, explain: true });
      const best = {
        lexical: Math.max(...entries.map(wordScore)),
        dense: Math.max(...hits.map(({ explanation }) => explanation?.dense?.cosine ?? 0)),
      };
      expect(hits.length).toBeGreaterThan(30);
      for (const { id, score, explanation } of hits) {
        const { lexical = null, dense = null } = explanation ?? {};
        const standings = {
          lexical: lexical === null ? null : { score: lexical.total, rank: lexical.rank },
          dense: dense === null ? null : { score: dense.cosine, rank: dense.rank },
        };
        const factor = retentionFactor(byId.get(id)?.retention ?? null, NOW);
        expect(lexical?.total ?? 0).toBeCloseTo(wordScore(byId.get(id) ?? entryOf('')), DIGITS);
        expect(score).toBeCloseTo(fuse(fusion, standings, best) * factor, DIGITS);
        expect(explanation?.retentionFactor).toBeCloseTo(factor, 9);
      }
    },
  );

  test('filters as the index in this process does, whatever is asked', async () => {
    const ours = new InProcessIndex();
    await ours.upsert('ws_1', entries);
    const found = async (where: MemoryIndex, filter: IndexFilter): Promise<string[]> => {
      const query = queryOf({ text: 'music', filter, limit: ENTRIES });
      return (await where.search('ws_1', query)).hits.map(({ id }) => id).sort();
    };
    const asks = fc.asyncProperty(filters.filter, async (filter) => {
      expect(await found(index, filter)).toEqual(await found(ours, filter));
    });
    await fc.assert(asks, { numRuns: 100, seed: 7 });
  });
});
