import type { Schemas } from '@qdrant/js-client-rest';
import { LEAST_COSINE } from '../dense/unit-vector.ts';
import { FLOOR, SPAN } from '../fusion/retention.ts';
import { inScope, type Condition, type Scope } from './filter.ts';
import { LEXICAL_VECTOR, vectorNameOf } from './point.ts';
import type { Fusion, NamedVector } from '../port.ts';

/** One step of a search; steps are nested in those that rank their results anew. */
export type Stage = Schemas['Prefetch'] & { readonly limit: number };

/** What all steps of a search share. */
export interface Field {
  readonly scope: Scope;
  readonly conditions: readonly Condition[];
  readonly limit: number;
}

/** The best score of each ranking. */
export interface Bests {
  readonly lexical: number;
  readonly dense: number;
}

/** Rankings to be fused; null where a search has no such part. */
export interface Stages {
  readonly lexical: Stage | null;
  readonly dense: Stage | null;
}

/** Ranks by words. How rare they are is reckoned among the points of the scope: tenants are strangers. */
export function lexicalStage(dimensions: Iterable<number>, field: Field): Stage {
  const indices = [...dimensions];
  return {
    query: { indices, values: indices.map(() => 1) },
    using: LEXICAL_VECTOR,
    params: { idf: { corpus: inScope(field.scope) } },
    filter: inScope(field.scope, field.conditions),
    limit: field.limit,
  };
}

/** Ranks by direction, exactly among those that bytes bring up; what points away is nothing. */
export function denseStage({ set, values }: NamedVector, field: Field): Stage {
  return {
    query: Array.from(values),
    using: vectorNameOf(set),
    params: { quantization: { rescore: true, oversampling: 2 } },
    filter: inScope(field.scope, field.conditions),
    limit: field.limit,
    score_threshold: LEAST_COSINE,
  };
}

/** The server fuses by ranks; its formula and ours are the same. */
export function rankFusionStage(
  { lexical, dense }: Stages,
  { k, lexicalWeight, denseWeight }: Extract<Fusion, { readonly kind: 'rrf' }>,
  field: Field,
): Stage {
  const parts = [
    ...(lexical === null ? [] : [{ stage: lexical, weight: lexicalWeight }]),
    ...(dense === null ? [] : [{ stage: dense, weight: denseWeight }]),
  ];
  return {
    prefetch: parts.map(({ stage }) => stage),
    query: { rrf: { k, weights: parts.map(({ weight }) => Math.max(0, weight)) } },
    filter: inScope(field.scope, field.conditions),
    limit: field.limit,
  };
}

/**
 * The server fuses by scores, each divided by its best. The bests come from a search before: a formula
 * knows the scores of one point alone.
 */
export function weightedSumStage(
  { lexical, dense }: Stages,
  { denseWeight, bests }: { readonly denseWeight: number; readonly bests: Bests },
  field: Field,
): Stage {
  const parts = [
    ...(lexical === null ? [] : [{ stage: lexical, weight: 1, best: bests.lexical }]),
    ...(dense === null ? [] : [{ stage: dense, weight: denseWeight, best: bests.dense }]),
  ];
  const sum = parts.map(({ weight, best }, index) => ({
    mult: [best > 0 ? weight / best : 0, `$score[${index}]`],
  }));
  const defaults = Object.fromEntries(parts.map((_, index) => [`$score[${index}]`, 0]));
  return {
    prefetch: parts.map(({ stage }) => stage),
    query: { formula: { sum }, defaults },
    filter: inScope(field.scope, field.conditions),
    limit: field.limit,
  };
}

/**
 * Multiplies by what is remembered: `FLOOR + SPAN * exp(-max(0, now - last access) / stability)`. A
 * formula has no greater-of; `(x + |x|) / 2` is the same. What has no retention counts as just used.
 */
export function retentionStage(stage: Stage, decayAt: number, field: Field): Stage {
  const now = new Date(decayAt).toISOString();
  const age = { sum: [{ datetime: now }, { neg: { datetime_key: 'last_access_at' } }] };
  const sinceUse = { mult: [0.5, { sum: [age, { abs: age }] }] };
  const faded = { div: { left: sinceUse, right: 'stability_s' } };
  const factor = { sum: [FLOOR, { mult: [SPAN, { exp: { neg: faded } }] }] };
  return {
    prefetch: [stage],
    query: {
      formula: { mult: ['$score', factor] },
      defaults: { last_access_at: now, stability_s: 1 },
    },
    filter: inScope(field.scope, field.conditions),
    limit: field.limit,
  };
}
