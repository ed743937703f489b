import type { Env } from './env.ts';
import { integer, type Reader } from './config-reader.ts';
import { EMBEDDERS, type EmbedderConfig, type EmbedderKind } from '../adapters/embedders/config.ts';

/** An embedder without its key. */
export type EmbedderChoice =
  | { readonly kind: 'hash-v1' }
  | { readonly kind: Exclude<EmbedderKind, 'hash-v1'>; readonly model: string };

/** Settings of memory and knowledge; nothing in here is secret. */
export interface MemoryConfig {
  readonly embedder: EmbedderChoice & { readonly url: string | null; readonly dim: number | null };
  /** Whose vectors serve until those of the embedder are complete. */
  readonly previousEmbedder: EmbedderChoice | null;
  readonly reranker:
    | { readonly kind: 'none' | 'features' | 'model' }
    | { readonly kind: 'service'; readonly url: string; readonly model: string | null };
  readonly neo4j: { readonly url: string; readonly user: string } | null;
  readonly indexBytes: number;
  /** How often faded memories are swept; 0: never. */
  readonly sweepEveryMs: number;
}

/** Secrets of memory and knowledge. */
export interface MemorySecrets {
  readonly embedderApiKey: string | null;
  readonly rerankerApiKey: string | null;
  readonly neo4jPassword: string | null;
}

const MIB = 1_048_576;
const HASH_DIM = 512;
const NEO4J_URL = /^(?:bolt|neo4j)(?:\+s|\+ssc)?:\/\/.+/u;
const DEFAULT_URLS = {
  openai: 'https://api.openai.com/v1',
  ollama: 'http://127.0.0.1:11434',
  google: 'https://generativelanguage.googleapis.com/v1beta',
} as const;

/** The settings in the environment. */
export function toMemoryConfig(reader: Reader): MemoryConfig {
  const { env } = reader;
  const url = webAddress(reader, 'EMBEDDER_URL');
  return {
    embedder: {
      ...(choice(reader, 'EMBEDDER') ?? { kind: 'hash-v1' }),
      url,
      dim: env.EMBEDDER_DIM === undefined ? null : integer(reader, 'EMBEDDER_DIM', [0, 8, 8_192]),
    },
    previousEmbedder: choice(reader, 'EMBEDDER_PREVIOUS'),
    reranker: reranker(reader),
    neo4j: neo4j(reader),
    indexBytes: integer(reader, 'HOLDFAST_MEMORY_INDEX_MB', [512, 16, 1_048_576]) * MIB,
    sweepEveryMs: integer(reader, 'HOLDFAST_MEMORY_SWEEP_S', [3_600, 0, 86_400]) * 1_000,
  };
}

/** The secrets in the environment. */
export function toMemorySecrets(env: Env): MemorySecrets {
  return {
    embedderApiKey: env.EMBEDDER_API_KEY ?? null,
    rerankerApiKey: env.RERANKER_API_KEY ?? null,
    neo4jPassword: env.NEO4J_PASSWORD ?? null,
  };
}

/** An embedder's settings, with the address and key of its vendor where it has none of its own. */
export function toEmbedderConfig(
  chosen: EmbedderChoice,
  own: { readonly url: string | null; readonly dim: number | null; readonly apiKey: string | null },
  vendor: { readonly url: string | null; readonly apiKey: string | null },
): EmbedderConfig {
  if (chosen.kind === 'hash-v1') return { kind: 'hash-v1', dim: own.dim ?? HASH_DIM };
  return {
    ...chosen,
    dim: own.dim,
    baseUrl: own.url ?? vendor.url ?? DEFAULT_URLS[chosen.kind],
    // A vendor's key goes to the vendor alone.
    apiKey: own.apiKey ?? (own.url === null ? vendor.apiKey : null),
  };
}

function choice(reader: Reader, name: 'EMBEDDER' | 'EMBEDDER_PREVIOUS'): EmbedderChoice | null {
  const text = reader.env[name];
  if (text === undefined) return null;
  if (text === 'hash-v1') return { kind: 'hash-v1' };
  const [, kind = '', model = ''] = /^([a-z-]+):(.+)$/u.exec(text) ?? [];
  const known = EMBEDDERS.find((item) => item === kind);
  if (known !== undefined && known !== 'hash-v1') return { kind: known, model };
  const kinds = EMBEDDERS.filter((item) => item !== 'hash-v1').join(', ');
  reader.problems.push(
    `${name} is "${text}"; write hash-v1, or provider:model with one of ${kinds}`,
  );
  return null;
}

function reranker(reader: Reader): MemoryConfig['reranker'] {
  const { RERANKER: kind = 'features', RERANKER_MODEL: model = null } = reader.env;
  const url = webAddress(reader, 'RERANKER_URL');
  if (url !== null) return { kind: 'service', url, model };
  if (kind === 'none' || kind === 'features' || kind === 'model') return { kind };
  reader.problems.push(`RERANKER is "${kind}"; write none, features or model, or set RERANKER_URL`);
  return { kind: 'none' };
}

function neo4j(reader: Reader): MemoryConfig['neo4j'] {
  const { NEO4J_URL: url, NEO4J_USER: user = 'neo4j', NEO4J_PASSWORD: password } = reader.env;
  if (url === undefined) return null;
  if (!NEO4J_URL.test(url)) {
    reader.problems.push('NEO4J_URL must be an address that begins with bolt:// or neo4j://');
  }
  if (password === undefined) reader.problems.push('NEO4J_URL needs NEO4J_PASSWORD');
  return { url, user };
}

function webAddress(reader: Reader, name: 'EMBEDDER_URL' | 'RERANKER_URL'): string | null {
  const url = reader.env[name];
  if (url === undefined) return null;
  if (/^https?:\/\/.+/u.test(url)) return url;
  reader.problems.push(`${name} must be an address that begins with http:// or https://`);
  return null;
}
