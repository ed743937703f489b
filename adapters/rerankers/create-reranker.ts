import { createCrossEncoder, type CrossEncoderConfig } from './cross-encoder/cross-encoder.ts';
import { createFeatureReranker } from './features/feature-reranker.ts';
import { createListwiseReranker, type Ask } from './listwise/listwise.ts';
import type { Reranker } from './port.ts';

/** Which reranker an installation uses. */
export type RerankerConfig =
  | { readonly kind: 'features' }
  | { readonly kind: 'model'; readonly ask: Ask }
  | ({ readonly kind: 'service' } & CrossEncoderConfig);

/** The reranker of an installation. */
export function createReranker(config: RerankerConfig): Reranker {
  switch (config.kind) {
    case 'features':
      return createFeatureReranker();
    case 'model':
      return createListwiseReranker(config.ask);
    case 'service':
      return createCrossEncoder(config);
  }
}
