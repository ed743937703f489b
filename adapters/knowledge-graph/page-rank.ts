import type { GraphReader, RankedEntity } from './port.ts';
import type { Neighbourhood, NeighbourhoodRequest } from '../../contracts/graph.ts';

/** How often a walk goes on instead of beginning anew. */
const DAMPING = 0.85;
const ROUNDS = 200;
const PRECISION = 1e-10;

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** See `KnowledgeGraph.rank`. */
export async function rankNear(
  reader: Pick<GraphReader, 'neighbourhood'>,
  workspaceId: string,
  request: NeighbourhoodRequest,
): Promise<readonly RankedEntity[]> {
  return pageRank(await reader.neighbourhood(workspaceId, request), request.from);
}

/**
 * Personalised PageRank: how often a walk is at each entity that follows facts in both directions,
 * surer ones more often, and begins anew at the seeds from time to time. Empty without a known seed.
 */
export function pageRank(
  { entities, facts }: Neighbourhood,
  seeds: readonly string[],
): readonly RankedEntity[] {
  const index = new Map(entities.map(({ id }, position) => [id, position]));
  const starts = [...new Set(seeds)].flatMap((id) => index.get(id) ?? []);
  if (starts.length === 0) return [];
  const edges = facts.flatMap(({ sourceId, targetId, confidence }) => {
    const [from, to] = [index.get(sourceId), index.get(targetId)];
    if (from === undefined || to === undefined || confidence <= 0) return [];
    const there = { from, to, weight: confidence };
    return from === to ? [there] : [there, { from: to, to: from, weight: confidence }];
  });
  const scores = converge(edges, starts, entities.length);
  return entities
    .map(({ depth: _, ...entity }, position) => ({ entity, score: scores[position] ?? 0 }))
    .sort((a, b) => b.score - a.score || (a.entity.id < b.entity.id ? -1 : 1));
}

function converge(edges: readonly Edge[], starts: readonly number[], size: number): Float64Array {
  const total = new Float64Array(size);
  for (const { from, weight } of edges) total[from] = at(total, from) + weight;
  let scores = spread(new Float64Array(size), starts, 1);
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = new Float64Array(size);
    for (const { from, to, weight } of edges) {
      next[to] = at(next, to) + (DAMPING * at(scores, from) * weight) / at(total, from);
    }
    // What no fact carries on begins anew as well.
    const carried = next.reduce((sum, score) => sum + score, 0);
    spread(next, starts, 1 - carried);
    const change = next.reduce((sum, score, i) => sum + Math.abs(score - at(scores, i)), 0);
    scores = next;
    if (change < PRECISION) break;
  }
  return scores;
}

function spread(scores: Float64Array, starts: readonly number[], amount: number): Float64Array {
  for (const start of starts) scores[start] = at(scores, start) + amount / starts.length;
  return scores;
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}
