import { isJsonObject, type Json } from '../../../contracts/json.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { callJson } from '../../json-service/call-json.ts';
import { CALL_POLICY, type CallPolicy, type JsonService } from '../../json-service/service.ts';
import type { Reranker } from '../port.ts';
import { rerankBy, type Judged, type Verdict } from '../rerank-by.ts';

/** A service with a `/rerank`. */
export interface CrossEncoderConfig {
  /** With `/rerank` at its end or without. */
  readonly url: string;
  /** Null: the service has one model and wants `texts`, as text-embeddings-inference does. */
  readonly model: string | null;
  readonly apiKey: string | null;
}

/** A search waits for it: better no new order than a late one. */
const POLICY: CallPolicy = {
  ...CALL_POLICY,
  attempts: 2,
  timeoutMs: 10_000,
  longestPauseMs: 2_000,
};

/** Orders by a model that reads query and candidate together, on a service like Cohere's, Jina's, TEI. */
export function createCrossEncoder(
  config: CrossEncoderConfig,
  policy: CallPolicy = POLICY,
): Reranker {
  const { url, model, apiKey } = config;
  const base = url.replace(/\/+$/, '');
  const service: JsonService = {
    name: `the reranker ${model ?? 'of RERANKER_URL'}`,
    remedy: 'check RERANKER_API_KEY and RERANKER_URL',
    url: base.endsWith('/rerank') ? base : `${base}/rerank`,
    headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
    secrets: apiKey === null ? [] : [apiKey],
    policy,
  };
  const judge = {
    name: service.name,
    maxCandidates: LIMITS.rerankCandidates,
    maxTextBytes: LIMITS.rerankTextBytes,
    judge: (judged: Judged) => judgeByService(judged, service, model),
  };
  return {
    name: `cross-encoder:${model ?? 'tei'}`,
    rerank: (query, candidates, options) => rerankBy(judge, { query, candidates }, options),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function judgeByService(
  { query, candidates, signal }: Judged,
  service: JsonService,
  model: string | null,
): Promise<readonly Verdict[]> {
  const texts = candidates.map(({ text }) => text);
  const body =
    model === null
      ? { query, texts, truncate: true }
      : { model, query, documents: texts, top_n: texts.length };
  const answer = await callJson(service, { body, texts: [query, ...texts], signal });
  return listOf(answer).flatMap(toVerdict);
}

/** `[…]`, `{results: […]}` or `{data: […]}`. */
function listOf(answer: Json): readonly Json[] {
  const list = isJsonObject(answer) ? (answer['results'] ?? answer['data']) : answer;
  return Array.isArray(list) ? (list as readonly Json[]) : [];
}

function toVerdict(item: Json): readonly Verdict[] {
  if (!isJsonObject(item)) return [];
  const { index, relevance_score: relevance, score = relevance } = item;
  return typeof index === 'number' && typeof score === 'number' ? [{ place: index, score }] : [];
}
