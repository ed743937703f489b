import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { EmbedderConfig } from '../../adapters/embedders/config.ts';
import { startHttpDouble, type DoubleRequest, type HttpDouble } from '../models/http-double.ts';

/** Numbers of the double's vectors. */
export const DIM = 8;

/** Which service it stands in for. */
export type Service = Exclude<EmbedderConfig['kind'], 'hash-v1'>;

/** What it does with one request instead of answering well; null: it answers well. */
export type Fault = (response: ServerResponse, request: DoubleRequest) => void;

/** A service that embeds. */
export interface EmbeddingDouble extends HttpDouble {
  /** What it does with its next requests. */
  readonly faults: Fault[];
  /** Texts of each request. */
  readonly asked: () => readonly (readonly string[])[];
}

interface Body {
  readonly input?: readonly string[];
  readonly encoding_format?: string;
  readonly requests?: readonly {
    readonly content: { readonly parts: readonly { readonly text: string }[] };
    readonly taskType: string;
  }[];
}

/** Starts a service that answers each text with numbers from its hash. */
export async function startEmbeddingDouble(service: Service): Promise<EmbeddingDouble> {
  const faults: Fault[] = [];
  const double = await startHttpDouble((response, request) => {
    const fault = faults.shift();
    if (fault === undefined) answer(response, vectorsOf(request), service);
    else fault(response, request);
  });
  return { ...double, faults, asked: () => double.requests.map(textsOf) };
}

/** What a configuration says to use the double. */
export function configOf(
  service: Service,
  url: string,
): Exclude<EmbedderConfig, { readonly kind: 'hash-v1' }> {
  const baseUrl = { openai: `${url}/v1/`, ollama: url, google: `${url}/v1beta` }[service];
  return { kind: service, model: 'fake', dim: DIM, baseUrl, apiKey: 'the-key-of-the-installation' };
}

/** Texts of a request, of whatever protocol. */
export function textsOf({ text }: DoubleRequest): readonly string[] {
  const { input, requests } = JSON.parse(text) as Body;
  return input ?? (requests ?? []).map(({ content }) => content.parts[0]?.text ?? '');
}

/** Vectors that belong to a request's texts. */
export function vectorsOf(request: DoubleRequest): readonly Float32Array[] {
  return textsOf(request).map((text) => {
    const bytes = createHash('sha256').update(text).digest();
    return Float32Array.from({ length: DIM }, (_, index) => (bytes[index] ?? 0) / 255 - 0.5);
  });
}

/** Answers with these vectors as the service does; OpenAI's in base64, and in another order. */
export function answer(
  response: ServerResponse,
  vectors: readonly ArrayLike<number>[],
  service: Service,
): void {
  const lists = vectors.map((vector) => Array.from(vector));
  const body = {
    openai: {
      data: vectors
        .map((vector, index) => ({ index, embedding: base64(Float32Array.from(vector)) }))
        .reverse(),
    },
    ollama: { model: 'fake', embeddings: lists },
    google: { embeddings: lists.map((values) => ({ values })) },
  }[service];
  sendJson(response, body);
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  body: unknown,
  { status = 200, headers = {} }: { readonly status?: number; readonly headers?: object } = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
