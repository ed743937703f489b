import { describe, expect, test } from '@jest/globals';
import type { Candidate, CandidateFeatures } from '../port.ts';
import { createFeatureReranker } from './feature-reranker.ts';
import { describeReranker } from '../port.suite.ts';

describeReranker('features', async () => createFeatureReranker());

const NONE = { found: 0, coverage: 0, proximity: 0, entities: 0, retention: 0, importance: 0 };

/** Ids in the order that one feature alone gives. */
async function orderBy(
  feature: keyof typeof NONE,
  query: string,
  candidates: readonly Candidate[],
): Promise<readonly string[]> {
  const reranker = createFeatureReranker({ ...NONE, [feature]: 1 });
  const { results } = await reranker.rerank(query, candidates, { limit: 10 });
  return results.map(({ id }) => id);
}

function texts(...list: readonly string[]): readonly Candidate[] {
  return list.map((text, index) => ({ id: `${index}`, text }));
}

function features(...list: readonly CandidateFeatures[]): readonly Candidate[] {
  return list.map((given, index) => ({ id: `${index}`, text: 'the same', features: given }));
}

describe('features', () => {
  test('a rare term of the query counts more than a common one', async () => {
    const found = texts('harbour', 'harbour', 'lantern', 'harbour lantern');
    expect(await orderBy('coverage', 'harbour lantern', found)).toEqual(['3', '2', '0', '1']);
  });

  test('terms count more the nearer they are, in either order', async () => {
    const far = `lantern ${'word '.repeat(20)} harbour`;
    const found = texts(far, 'harbour of the old lantern', 'lantern harbour', 'harbour');
    expect(await orderBy('proximity', 'harbour lantern', found)).toEqual(['2', '1', '0', '3']);
    expect(await orderBy('proximity', 'harbour', found)).toEqual(['0', '1', '2', '3']);
  });

  test('a repeated term is not near itself', async () => {
    const found = texts('never', 'never and never');
    expect(await orderBy('proximity', 'never never', found)).toEqual(['1', '0']);
  });

  test('names in the query count for what is about them', async () => {
    const found = features({ entities: ['Bob'] }, {}, { entities: ['Ann Lee', 'Elba'] });
    expect(await orderBy('entities', 'when does Ann Lee go', found)).toEqual(['2', '0', '1']);
  });

  test('what is remembered well, or is important, counts more; nonsense does not count', async () => {
    const found = (name: 'retention' | 'importance') =>
      features({ [name]: 0.2 }, { [name]: Number.NaN }, { [name]: 0.9 }, {});
    expect(await orderBy('retention', 'q', found('retention'))).toEqual(['2', '0', '1', '3']);
    expect(await orderBy('importance', 'q', found('importance'))).toEqual(['2', '0', '1', '3']);
  });

  test('scores of the search count as they are spread; places do where one is missing', async () => {
    expect(await orderBy('found', 'q', features({ score: 1 }, { score: 9 }))).toEqual(['1', '0']);
    expect(await orderBy('found', 'q', features({ score: 1 }, {}))).toEqual(['0', '1']);
    expect(await orderBy('found', 'q', features({ score: 7 }, { score: 7 }))).toEqual(['0', '1']);
  });

  test('what cannot be told apart keeps its order, in any language', async () => {
    expect(await orderBy('coverage', '港の灯', texts('a', 'b', 'c'))).toEqual(['0', '1', '2']);
    expect(await orderBy('coverage', '', texts('a', 'b', 'c'))).toEqual(['0', '1', '2']);
  });
});
