import { createHash } from 'node:crypto';
import { vectorSetOf } from '../../contracts/embedding.ts';
import { LIMITS } from '../../contracts/limits.ts';
import type { Embedder, EmbedOptions } from '../../adapters/embedders/port.ts';
import type { EmbeddingCacheStore } from '../../db/stores/embedding-cache-store.ts';

/** An embedder and where a workspace's vectors are kept. */
export interface CachedEmbedderDeps {
  readonly embedder: Embedder;
  readonly cache: EmbeddingCacheStore;
  readonly workspaceId: string;
}

/**
 * The embedder for one workspace, asked once for each text: its vectors are kept by the hash of the
 * text. An embedder that costs nothing is given back as it is. Whoever made the embedder closes it.
 */
export function cachedEmbedder(deps: CachedEmbedderDeps): Embedder {
  const { embedder } = deps;
  if (!embedder.profile.remote) return embedder;
  return {
    ref: embedder.ref,
    quality: embedder.quality,
    profile: embedder.profile,
    embed: (texts, options) => embedOnce(texts, options, deps),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function embedOnce(
  texts: readonly string[],
  options: EmbedOptions,
  deps: CachedEmbedderDeps,
): Promise<readonly Float32Array[]> {
  options.signal?.throwIfAborted();
  const hashes = texts.map(hashOf);
  const textOf = new Map(texts.map((text, index) => [hashes[index] ?? '', text]));
  const vectors = await readAll([...textOf.keys()], options, deps);
  const missing = [...textOf].filter(([hash]) => !vectors.has(hash));
  // A part at a time is embedded and kept: what was paid for survives the failure of a later part.
  for (const part of partsOf(missing)) {
    const made = await deps.embedder.embed(
      part.map(([, text]) => text),
      options,
    );
    const fresh = part.flatMap(([hash], index) => {
      const vector = made[index];
      return vector === undefined ? [] : [{ hash, vector }];
    });
    await deps.cache.put(deps.workspaceId, setOf(options, deps), fresh);
    for (const { hash, vector } of fresh) vectors.set(hash, vector);
  }
  return hashes.map((hash) => vectors.get(hash) ?? new Float32Array(deps.embedder.ref.dim));
}

async function readAll(
  hashes: readonly string[],
  options: EmbedOptions,
  deps: CachedEmbedderDeps,
): Promise<Map<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  for (const part of partsOf(hashes)) {
    const found = await deps.cache.get(deps.workspaceId, setOf(options, deps), part);
    for (const [hash, vector] of found) vectors.set(hash, vector);
  }
  return vectors;
}

function setOf({ use }: EmbedOptions, { embedder }: CachedEmbedderDeps) {
  return { set: vectorSetOf(embedder.ref), use };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function partsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / LIMITS.memoryBatch);
  return Array.from({ length: count }, (_, part) =>
    items.slice(part * LIMITS.memoryBatch, (part + 1) * LIMITS.memoryBatch),
  );
}
