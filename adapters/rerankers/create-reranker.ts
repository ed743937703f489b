import { createCrossEncoder, type CrossEncoderConfig } from './cross-encoder/cross-encoder.ts';
import { createFeatureReranker } from './features/feature-reranker.ts';
import type { Reranker } from './port.ts';

/** Which reranker an installation uses. */
export type RerankerConfig =
  { readonly kind: 'features' } | ({ readonly kind: 'service' } & CrossEncoderConfig);

/** The reranker of an installation. */
export function createReranker(config: RerankerConfig): Reranker {
  return config.kind === 'features' ? createFeatureReranker() : createCrossEncoder(config);
}
