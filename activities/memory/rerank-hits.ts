import type { Candidate, Reranker } from '../../adapters/rerankers/port.ts';
import type { RecallAnswer, RecallExplanation, RerankChoice } from '../../contracts/recall.ts';

/** A hit that a reranker may move. */
export interface Rankable {
  readonly score: number;
  readonly explanation: RecallExplanation | null;
}

/** Hits in their final order, and who gave it. */
export interface Reordered<Hit> {
  readonly hits: readonly Hit[];
  readonly reranked: RecallAnswer<Hit>['reranked'];
  /** Whether a reranker was there and failed. */
  readonly failed: boolean;
}

/** What reordering takes. */
export interface RerankRequest<Hit> {
  readonly reranker: Reranker | null;
  readonly workspaceId: string;
  readonly choice: RerankChoice;
  readonly text: string;
  readonly limit: number;
  readonly candidate: (hit: Hit) => Candidate;
}

/** Lets the reranker order the hits, if that is wanted and there is one; the best stay. */
export async function rerankHits<Hit extends Rankable>(
  hits: readonly Hit[],
  request: RerankRequest<Hit>,
): Promise<Reordered<Hit>> {
  const { reranker, workspaceId, choice, text, limit } = request;
  const asFound = (why: string, failed = false): Reordered<Hit> => ({
    hits: hits.slice(0, limit),
    reranked: { by: null, why },
    failed,
  });
  if (choice === 'none') return asFound('none was wanted');
  if (reranker === null) return asFound('the installation has no reranker');
  if (hits.length < 2) return asFound('there was nothing to order');
  const candidates = hits.map(request.candidate);
  const places = new Map(candidates.map(({ id }, place) => [id, place]));
  const answer = await reranker.rerank(text, candidates, { limit, workspaceId });
  if (!answer.reranked) return asFound(answer.reason, true);
  const ordered = answer.results.flatMap(({ id, score }) => {
    const place = places.get(id);
    const hit = place === undefined ? undefined : hits[place];
    return place === undefined || hit === undefined ? [] : [moved(hit, score, place)];
  });
  return {
    hits: ordered.slice(0, limit),
    reranked: { by: reranker.name, why: 'it was asked for' },
    failed: false,
  };
}

function moved<Hit extends Rankable>(hit: Hit, score: number, placeBefore: number): Hit {
  const { explanation } = hit;
  const why = explanation === null ? null : { ...explanation, rerank: { score, placeBefore } };
  return { ...hit, score, explanation: why };
}
