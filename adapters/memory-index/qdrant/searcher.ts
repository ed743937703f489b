import type { Schemas } from '@qdrant/js-client-rest';
import { AppError } from '../../../contracts/app-error.ts';
import { unitVector } from '../dense/unit-vector.ts';
import { explain, type Found } from './explain.ts';
import { inScope, toCondition, type Condition, type Scope } from './filter.ts';
import { fromRetentionPayload, vectorNameOf } from './point.ts';
import {
  denseStage,
  lexicalStage,
  rankFusionStage,
  retentionStage,
  weightedSumStage,
  type Field,
  type Stage,
  type Stages,
} from './ranking.ts';
import { toSparseQuery } from './sparse-text.ts';
import type { QdrantCollection } from './collection.ts';
import type { Capability, IndexAnswer, IndexQuery } from '../port.ts';

type Scored = Schemas['ScoredPoint'];

/**
 * More than hits, also because equal scores are put into order here: Qdrant knows nothing of our ids, so
 * which of many equals are candidates at all is its choice.
 */
const CANDIDATES_PER_HIT = 3;
const MIN_CANDIDATES = 50;

/** What is known of a search's rankings before they are fused. */
export interface Survey {
  readonly lexical: readonly Scored[];
  readonly dense: readonly Scored[];
}

/** One search within one generation of a workspace. */
export class Searcher {
  readonly #collection: QdrantCollection;

  constructor(collection: QdrantCollection) {
    this.#collection = collection;
  }

  async search(scope: Scope, query: IndexQuery): Promise<IndexAnswer> {
    const { fusion, limit } = query;
    if (fusion.kind === 'rrf' && !Number.isInteger(fusion.k)) {
      throw new AppError('memory.invalid', 'Qdrant takes whole numbers for k of a fusion');
    }
    const candidates = Math.max(CANDIDATES_PER_HIT * limit, MIN_CANDIDATES);
    const conditions = query.filter === null ? [] : [toCondition(query.filter)];
    const field: Field = { scope, conditions, limit: candidates };
    const terms = toSparseQuery(query.text ?? '');
    const lexical = terms.size === 0 ? null : lexicalStage(terms.keys(), field);
    const dense = await this.#denseStage(query, field);
    const missing = missingOf(query, dense);
    const stages: Stages = { lexical, dense };
    const survey = await this.#survey(stages, query);
    const fused = fuse({ stages, survey, query, field });
    if (fused === null) return { hits: [], missing };
    const { decayAt } = query;
    const points = await this.#query({
      ...(decayAt === null ? fused : retentionStage(fused, decayAt, field)),
      with_payload: ['id', 'last_access_at', 'stability_s'],
    });
    const found = points.map(toFound).filter(({ score }) => score > 0);
    const hits = found.sort(byScoreThenId).slice(0, limit);
    if (!query.explain) {
      return { hits: hits.map(({ id, score }) => ({ id, score, explanation: null })), missing };
    }
    const asked = { query, scope, terms, stages, survey };
    return { hits: await explain(this.#collection, asked, hits), missing };
  }

  /** Null where this part of the workspace has no vectors of that set. */
  async #denseStage({ vector }: IndexQuery, field: Field): Promise<Stage | null> {
    if (vector === null || !(await this.#collection.hasSet(vector))) return null;
    const values = unitVector(vector.values);
    const any: Condition = { has_vector: vectorNameOf(vector.set) };
    const [point] = await this.#query({ filter: inScope(field.scope, [any]), limit: 1 });
    return point === undefined ? null : denseStage({ set: vector.set, values }, field);
  }

  /** Both rankings by themselves, where their scores or places must be known. */
  async #survey({ lexical, dense }: Stages, query: IndexQuery): Promise<Survey> {
    const isSum = query.fusion.kind === 'weighted_sum' && query.text !== null && dense !== null;
    if (!query.explain && !isSum) return { lexical: [], dense: [] };
    const [first, second] = await Promise.all(
      [lexical, dense].map(async (stage) => (stage === null ? [] : this.#query(stage))),
    );
    return { lexical: first ?? [], dense: second ?? [] };
  }

  async #query(request: Schemas['QueryRequest']): Promise<Scored[]> {
    const { points } = await this.#collection.call((client, name) => client.query(name, request));
    return points;
  }
}

/**
 * With both parts asked, their fusion; else the one that there is. For a sum, all candidates get their
 * scores from both parts, also where only one of them brought them up.
 */
function fuse(asked: {
  readonly stages: Stages;
  readonly survey: Survey;
  readonly query: IndexQuery;
  readonly field: Field;
}): Stage | null {
  const { stages, survey, query, field } = asked;
  const { lexical, dense } = stages;
  if (dense === null || query.text === null) return dense ?? lexical;
  if (query.fusion.kind === 'rrf') return rankFusionStage(stages, query.fusion, field);
  const ids = new Set([...survey.lexical, ...survey.dense].map(({ id }) => id));
  const limit = Math.max(1, ids.size);
  const among: Field = { ...field, conditions: [...field.conditions, { has_id: [...ids] }], limit };
  const filter = inScope(among.scope, among.conditions);
  const exact: Stages = {
    lexical: lexical === null ? null : { ...lexical, filter, limit },
    dense: { ...dense, filter, limit },
  };
  const bests = { lexical: survey.lexical[0]?.score ?? 0, dense: survey.dense[0]?.score ?? 0 };
  const { denseWeight } = query.fusion;
  return weightedSumStage(exact, { denseWeight, bests }, field);
}

/** Neighbours and sessions lend nothing here: Qdrant scores each point by itself. */
function missingOf({ text, vector, profile }: IndexQuery, dense: Stage | null): Capability[] {
  return [
    ...(vector !== null && dense === null ? (['dense'] as const) : []),
    ...(text !== null ? (['neighbours'] as const) : []),
    ...(text !== null && profile === 'dialogue' ? (['session_prior'] as const) : []),
  ];
}

function toFound({ id, score, payload }: Scored): Found {
  const retention = fromRetentionPayload(payload ?? {});
  return { pointId: id, id: String(payload?.id), score, retention };
}

function byScoreThenId(a: Found, b: Found): number {
  if (a.score !== b.score) return b.score - a.score;
  return a.id < b.id ? -1 : 1;
}
