import { setImmediate as breathe } from 'node:timers/promises';
import { LIMITS } from '../../../contracts/limits.ts';
import { embedByHash, type DocumentFrequencies } from '../../memory-index/dense/hash-embedder.ts';
import { cutText } from '../cut-text.ts';
import type { Embedder, EmbedOptions } from '../port.ts';

/** All terms are equally rare. */
const PLAIN: DocumentFrequencies = { documents: 0, containing: () => 0 };
/** Texts embedded before others get their turn; about 10 ms. */
const TEXTS_AT_ONCE = 16;

/**
 * The embedder of an installation without a model: words and their pieces, hashed. It knows no meanings;
 * it finds what is misspelt. What is stored does not depend on how rare terms are, for that changes with
 * every text; a query may be weighed by it, since its vector is made anew each time.
 */
export function createHashEmbedder(dim: number): Embedder {
  return {
    ref: { id: 'hash-v1', revision: '1', dim },
    quality: 'lexical',
    profile: { remote: false, maxTextBytes: LIMITS.embeddedTextBytes },
    embed: async (texts, options) => embedAll(texts, options, dim),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function embedAll(
  texts: readonly string[],
  { use, frequencies, signal }: EmbedOptions,
  dim: number,
): Promise<readonly Float32Array[]> {
  const weights = use === 'query' ? (frequencies ?? PLAIN) : PLAIN;
  const vectors: Float32Array[] = [];
  for (const [index, text] of texts.entries()) {
    if (index % TEXTS_AT_ONCE === 0 && index > 0) await breathe();
    signal?.throwIfAborted();
    vectors.push(embedByHash(cutText(text, LIMITS.embeddedTextBytes), weights, dim));
  }
  signal?.throwIfAborted();
  return vectors;
}
