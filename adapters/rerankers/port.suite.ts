import { describe, expect, test } from '@jest/globals';
import { LIMITS } from '../../contracts/limits.ts';
import type { Candidate, Reranker } from './port.ts';

/** Candidates of which the third answers the query best. */
export const QUERY = 'when does the ferry to Elba leave';
/** In the order in which a search found them, which could not tell them apart. */
export const CANDIDATES: readonly Candidate[] = [
  { id: 'a', text: 'The museum opens at ten.', features: { score: 1 } },
  { id: 'b', text: 'Elba is an island.', features: { score: 1 } },
  { id: 'c', text: 'The ferry to Elba leaves at nine.', features: { score: 1 } },
];

/** What every implementation of `Reranker` does alike, given that it works. */
export function describeReranker(name: string, open: () => Promise<Reranker>): void {
  describe(`${name} as a reranker`, () => {
    const idsOf = (results: readonly { readonly id: string }[]) => results.map(({ id }) => id);

    test('puts what answers the query first, with scores that fall', async () => {
      await using reranker = await open();
      const answer = await reranker.rerank(QUERY, CANDIDATES, { limit: 10 });
      expect(answer.reranked).toBe(true);
      expect(idsOf(answer.results)[0]).toBe('c');
      expect(idsOf(answer.results).toSorted()).toEqual(['a', 'b', 'c']);
      const scores = answer.results.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    });

    test('gives as many as are wanted, and none of none', async () => {
      await using reranker = await open();
      expect((await reranker.rerank(QUERY, CANDIDATES, { limit: 1 })).results).toHaveLength(1);
      expect((await reranker.rerank(QUERY, [], { limit: 5 })).results).toEqual([]);
    });

    test('keeps what is too much behind the others, in its order', async () => {
      await using reranker = await open();
      const many = Array.from({ length: LIMITS.rerankCandidates + 50 }, (_, index) => ({
        id: `m${index}`,
        text: `${index} ${'long '.repeat(2_000)}`,
      }));
      const { results } = await reranker.rerank(QUERY, many, { limit: 1_000 });
      expect(new Set(idsOf(results)).size).toBe(many.length);
      expect(idsOf(results).slice(LIMITS.rerankCandidates)).toEqual(
        idsOf(many).slice(LIMITS.rerankCandidates),
      );
    });

    test('rejects with the reason of an abort', async () => {
      await using reranker = await open();
      const signal = AbortSignal.abort(new Error('enough'));
      await expect(reranker.rerank(QUERY, CANDIDATES, { limit: 3, signal })).rejects.toThrow(
        'enough',
      );
    });
  });
}
