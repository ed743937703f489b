import type { Schemas } from '@qdrant/js-client-rest';
import { retentionFactor } from '../fusion/retention.ts';
import { inScope, type Scope } from './filter.ts';
import { lexicalStage, type Field, type Stage, type Stages } from './ranking.ts';
import type { QdrantCollection } from './collection.ts';
import type { Hit, IndexQuery, LexicalScore, Retention } from '../port.ts';

type PointId = Schemas['ExtendedPointId'];
type Scores = ReadonlyMap<PointId, number>;

/** A hit as Qdrant gives it. */
export interface Found {
  readonly pointId: PointId;
  readonly id: string;
  readonly score: number;
  readonly retention: Retention | null;
}

interface Asked {
  readonly query: IndexQuery;
  readonly scope: Scope;
  /** The search's terms by their dimensions. */
  readonly terms: ReadonlyMap<number, string>;
  readonly stages: Stages;
  /** Both rankings by themselves. */
  readonly survey: {
    readonly lexical: readonly { readonly id: PointId }[];
    readonly dense: readonly { readonly id: PointId }[];
  };
}

/** Tells how scores came about, by asking for the hits' scores by direction and by each term alone. */
export async function explain(
  collection: QdrantCollection,
  asked: Asked,
  found: readonly Found[],
): Promise<Hit[]> {
  if (found.length === 0) return [];
  const { query, scope, terms, stages, survey } = asked;
  const among = { has_id: found.map(({ pointId }) => pointId) };
  const field: Field = { scope, conditions: [among], limit: found.length };
  const filter = inScope(scope, [among]);
  const ofTerms = [...terms.keys()].map((dimension) => lexicalStage([dimension], field));
  const dense = stages.dense === null ? [] : [toPlain(stages.dense)];
  const searches = [
    ...ofTerms,
    ...dense.map((stage) => ({ ...stage, filter, limit: found.length })),
  ];
  const answers = await collection.call((client, name) => client.queryBatch(name, { searches }));
  const scores: Scores[] = answers.map(
    ({ points }) => new Map(points.map(({ id, score }) => [id, score])),
  );
  const byTerm = [...terms.values()].map((term, index) => [term, scores[index]] as const);
  const cosines = stages.dense === null ? undefined : scores.at(-1);
  const lexicalRanks = toRanks(survey.lexical);
  const denseRanks = toRanks(survey.dense);
  return found.map(({ pointId, id, score, retention }) => {
    const { decayAt } = query;
    const factor = decayAt === null ? null : retentionFactor(retention, decayAt);
    const cosine = cosines?.get(pointId);
    const lexical = toLexicalScore(byTerm, pointId, lexicalRanks.get(pointId) ?? null);
    const rank = denseRanks.get(pointId) ?? null;
    return {
      id,
      score,
      explanation: {
        lexical,
        dense: cosine === undefined ? null : { cosine, rank },
        fused: score / (factor ?? 1),
        retentionFactor: factor,
      },
    };
  });
}

/** A ranking that also tells of what points away. */
function toPlain(stage: Stage): Stage {
  return { ...stage, score_threshold: -1 };
}

function toRanks(ranking: readonly { readonly id: PointId }[]): ReadonlyMap<PointId, number> {
  return new Map(ranking.map(({ id }, rank) => [id, rank]));
}

function toLexicalScore(
  byTerm: readonly (readonly [string, Scores | undefined])[],
  pointId: PointId,
  rank: number | null,
): LexicalScore | null {
  const terms = byTerm.flatMap(([term, scores]) => {
    const score = scores?.get(pointId);
    return score === undefined ? [] : [[term, score] as const];
  });
  if (terms.length === 0) return null;
  const own = terms.reduce((sum, [, score]) => sum + score, 0);
  return { own, neighbours: 0, session: 0, total: own, rank, terms: Object.fromEntries(terms) };
}
