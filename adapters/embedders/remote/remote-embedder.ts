import { AppError } from '../../../contracts/app-error.ts';
import type { EmbedderRef } from '../../../contracts/embedding.ts';
import type { Json } from '../../../contracts/json.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { callJson } from '../../json-service/call-json.ts';
import type { CallPolicy, JsonService } from '../../json-service/service.ts';
import { cutText } from '../cut-text.ts';
import type { Embedder, EmbedOptions, EmbedUse } from '../port.ts';
import { toBatches } from './batches.ts';
import { mapConcurrently } from './map-concurrently.ts';
import type { EmbeddingProtocol } from './protocol.ts';
import { lengthOf, readVector } from './read-vector.ts';

/** What makes an embedder of a service. */
export interface RemoteEmbedderParts {
  readonly ref: EmbedderRef;
  readonly protocol: EmbeddingProtocol;
  /** What the model wants before each text. */
  readonly prefixes: Readonly<Record<EmbedUse, string>>;
  readonly apiKey: string | null;
  readonly policy: CallPolicy;
}

const BATCH_BYTES = 256 * 1_024;
/** Numbers of one answer; as text they take about 20 bytes each. */
const BATCH_NUMBERS = 200_000;
/** A service that calls so little too long has another reason to refuse it. */
const SHORTEST_CUT_BYTES = 256;
const REQUESTS_AT_ONCE = 3;

/** An embedder on a service. */
export function createRemoteEmbedder(parts: RemoteEmbedderParts): Embedder {
  const { ref, protocol, apiKey, policy } = parts;
  const service: JsonService = {
    name: `the embedder ${ref.id}`,
    remedy: 'check EMBEDDER_API_KEY and EMBEDDER_URL',
    url: protocol.url,
    headers: protocol.headers,
    secrets: apiKey === null ? [] : [apiKey],
    policy,
  };
  return {
    ref,
    quality: 'semantic',
    profile: { remote: true, maxTextBytes: LIMITS.embeddedTextBytes },
    embed: (texts, options) => embedAll(texts, options, { ...parts, service }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Serving extends RemoteEmbedderParts {
  readonly service: JsonService;
}

async function embedAll(
  texts: readonly string[],
  { use, signal }: EmbedOptions,
  serving: Serving,
): Promise<readonly Float32Array[]> {
  signal?.throwIfAborted();
  const { dim } = serving.ref;
  const vectors: Float32Array[] = texts.map(() => new Float32Array(dim));
  // Services refuse blank texts, some of them the whole batch.
  const places = [...texts.keys()].filter((place) => (texts[place] ?? '').trim() !== '');
  const asked = places.map((place) => prepared(texts[place] ?? '', serving.prefixes[use]));
  const batches = toBatches(asked, {
    texts: Math.max(1, Math.min(serving.protocol.batchTexts, Math.floor(BATCH_NUMBERS / dim))),
    bytes: BATCH_BYTES,
  });
  const answers = await mapConcurrently(batches, {
    atOnce: REQUESTS_AT_ONCE,
    signal: signal ?? null,
    work: (batch, stop) => embedFitting(batch, { use, signal: stop }, serving),
  });
  for (const [index, vector] of answers.flat().entries()) {
    const place = places[index];
    if (place !== undefined) vectors[place] = vector;
  }
  return vectors;
}

function prepared(text: string, prefix: string): string {
  return cutText(prefix + text, LIMITS.embeddedTextBytes);
}

/**
 * Models count tokens, we bytes: what proves to be too much is asked in smaller parts, and of a single
 * text only its first half counts then.
 */
async function embedFitting(
  texts: readonly string[],
  options: { readonly use: EmbedUse; readonly signal: AbortSignal },
  serving: Serving,
): Promise<readonly Float32Array[]> {
  try {
    return await embedBatch(texts, options, serving);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'model.context_overflow') throw error;
    const parts = smaller(texts);
    if (parts === null) throw error;
    const vectors: Float32Array[] = [];
    for (const part of parts) vectors.push(...(await embedFitting(part, options, serving)));
    return vectors;
  }
}

/** Two halves of the texts, or the first half of the only text; null when that would be too little. */
function smaller(texts: readonly string[]): readonly (readonly string[])[] | null {
  if (texts.length > 1) {
    const half = Math.ceil(texts.length / 2);
    return [texts.slice(0, half), texts.slice(half)];
  }
  const [text = ''] = texts;
  const bytes = Math.floor(Buffer.byteLength(text) / 2);
  return bytes < SHORTEST_CUT_BYTES ? null : [[cutText(text, bytes)]];
}

async function embedBatch(
  texts: readonly string[],
  { use, signal }: { readonly use: EmbedUse; readonly signal: AbortSignal },
  { protocol, service, ref }: Serving,
): Promise<readonly Float32Array[]> {
  const answer = await callJson(service, { body: protocol.body(texts, use), texts, signal });
  const given = protocol.vectors(answer);
  if (given?.length !== texts.length) {
    const count = given === null ? 'no list of vectors' : `${given.length} vectors`;
    throw new AppError(
      'embedding.invalid',
      `${service.name} answered ${texts.length} texts with ${count}`,
    );
  }
  return given.map((value) => readVector(value, ref.dim) ?? refuse(value, service.name, ref.dim));
}

function refuse(value: Json, name: string, dim: number): never {
  const length = lengthOf(value);
  const remedy = 'set EMBEDDER_DIM to what the model gives';
  throw new AppError(
    'embedding.invalid',
    length === null || length === dim
      ? `${name} answered with a vector that is not ${dim} finite numbers`
      : `${name} answered with a vector of ${length} numbers instead of ${dim}; ${remedy}`,
  );
}
