/** Embedders that may be chosen. */
export const EMBEDDERS = ['hash-v1', 'openai', 'ollama', 'google'] as const;
/** One of them. */
export type EmbedderKind = (typeof EMBEDDERS)[number];

/** Which embedder an installation uses. */
export type EmbedderConfig =
  | { readonly kind: 'hash-v1'; readonly dim: number }
  | {
      readonly kind: Exclude<EmbedderKind, 'hash-v1'>;
      readonly model: string;
      /** Null: as long as the model's vectors are known to be. */
      readonly dim: number | null;
      readonly baseUrl: string;
      readonly apiKey: string | null;
    };
