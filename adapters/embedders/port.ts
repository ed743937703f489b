import type { DocumentFrequencies } from '../memory-index/dense/hash-embedder.ts';
import type { EmbedderRef } from '../../contracts/embedding.ts';

/** What vectors tell of a text: its words alone, or what it means. */
export type EmbedderQuality = 'lexical' | 'semantic';

/** What a text is embedded for: some models put questions elsewhere than what answers them. */
export type EmbedUse = 'query' | 'document';

/** What callers should know of an embedder besides its vectors. */
export interface EmbedderProfile {
  /** True where each call costs time and money of a service: its vectors are worth keeping. */
  readonly remote: boolean;
  /** Of a longer text only the beginning of so many bytes counts. */
  readonly maxTextBytes: number;
}

/** What texts are embedded for, and what ends it early. */
export interface EmbedOptions {
  readonly use: EmbedUse;
  /**
   * How rare terms are where a query is asked; embedders that see words alone weigh its words by that.
   * Documents are never weighed: the frequencies change, and stored vectors would lose their meaning.
   */
  readonly frequencies?: DocumentFrequencies;
  readonly signal?: AbortSignal;
}

/**
 * Makes vectors of texts. Any number of texts may be given: implementations divide them, try again what
 * may be tried again, and give all vectors or none.
 */
export interface Embedder extends AsyncDisposable {
  /** Names the set of its vectors; it changes with whatever changes what vectors mean. */
  readonly ref: EmbedderRef;
  readonly quality: EmbedderQuality;
  readonly profile: EmbedderProfile;
  /**
   * One vector of `ref.dim` finite numbers for each text, in their order, of unit length or not; all
   * zeros for a blank text. Throws `embedding.*`; an abort rejects with the signal's reason.
   */
  embed(texts: readonly string[], options: EmbedOptions): Promise<readonly Float32Array[]>;
}
