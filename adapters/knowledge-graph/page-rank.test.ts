import { describe, expect, test } from '@jest/globals';
import type { GraphFact, Neighbourhood } from '../../contracts/graph.ts';
import { pageRank } from './page-rank.ts';

function graphOf(names: string, ...facts: readonly (readonly [string, number])[]): Neighbourhood {
  const times = { validAt: '', invalidAt: null, recordedAt: '', expiredAt: null };
  const source = { memoryId: null, runId: null, messageId: null, userId: null };
  const rest = { workspaceId: 'w', type: '', summary: '', userId: null, version: 1, createdAt: '' };
  return {
    entities: Array.from(names).map((id) => ({ ...rest, id, name: id, depth: 0 })),
    facts: facts.map(([ends, confidence], index): GraphFact => {
      const [sourceId = '', targetId = ''] = Array.from(ends);
      const fact = { sourceId, targetId, confidence, predicate: '', text: '' };
      return { ...source, ...times, ...fact, id: String(index), version: 1, workspaceId: 'w' };
    }),
    truncated: false,
  };
}

function scores(graph: Neighbourhood, seeds: string): Readonly<Record<string, number>> {
  const ranked = pageRank(graph, Array.from(seeds));
  return Object.fromEntries(ranked.map(({ entity, score }) => [entity.id, score]));
}

describe('personalised PageRank', () => {
  test('gives two that are joined what the formula gives, whichever way the fact goes', () => {
    for (const ends of ['ab', 'ba']) {
      const { a = 0, b = 0 } = scores(graphOf('ab', [ends, 1]), 'a');
      expect(a).toBeCloseTo(1 / 1.85, 8);
      expect(b).toBeCloseTo(0.85 / 1.85, 8);
    }
  });

  test('follows surer facts more often, and several facts together', () => {
    const { b = 0, c = 0 } = scores(graphOf('abc', ['ab', 0.9], ['ac', 0.3]), 'a');
    expect(b / c).toBeCloseTo(3, 8);
    const twice = scores(graphOf('abc', ['ab', 0.3], ['ab', 0.3], ['ac', 0.3]), 'a');
    expect((twice.b ?? 0) / (twice.c ?? 0)).toBeCloseTo(2, 8);
  });

  test('leaves nothing over: scores add up to 1 with loops, loners and several seeds', () => {
    const graph = graphOf('abcde', ['aa', 1], ['ab', 0.5], ['bc', 0], ['cd', 1], ['ax', 1]);
    const found = scores(graph, 'ace');
    expect(Object.values(found).reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 8);
    expect(scores(graphOf('ab'), 'a')).toEqual({ a: 1, b: 0 });
  });

  test('puts the best first, orders equals by id, and knows of nothing without a seed', () => {
    const ranked = pageRank(graphOf('cba', ['ab', 1], ['ac', 1]), ['a']);
    expect(ranked.map(({ entity }) => entity.id)).toEqual(['a', 'b', 'c']);
    expect(ranked[0]?.entity).not.toHaveProperty('depth');
    expect(pageRank(graphOf('ab', ['ab', 1]), ['z'])).toEqual([]);
  });
});
