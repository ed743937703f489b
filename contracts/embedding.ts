/** What made a set of vectors; vectors of different sets are never compared. */
export interface EmbedderRef {
  readonly id: string;
  readonly revision: string;
  readonly dim: number;
}

/** A vector and what it is of: a memory or a chunk. */
export interface StoredVector {
  readonly id: string;
  readonly vector: Float32Array;
}

/** A text that has no vector yet. */
export interface TextToEmbed {
  readonly id: string;
  readonly text: string;
  readonly hash: string;
}

/** A vector with the hash of the text that it was made from: one of an older text is not kept. */
export interface NewVector extends StoredVector {
  readonly hash: string;
}

/** The name of a set of vectors, as indexes and caches know it. */
export function vectorSetOf({ id, revision, dim }: EmbedderRef): string {
  return `${id}:${revision}:${dim}`;
}
