import { createHash } from 'node:crypto';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { CALL_POLICY, type CallPolicy } from '../json-service/service.ts';
import type { EmbedderConfig } from './config.ts';
import { createHashEmbedder } from './hash/hash-embedder.ts';
import { knownModel, NO_PREFIXES } from './known-models.ts';
import type { Embedder } from './port.ts';
import { googleProtocol } from './remote/google.ts';
import { ollamaProtocol } from './remote/ollama.ts';
import { openAiProtocol } from './remote/openai.ts';
import type { EmbeddingModel, EmbeddingProtocol } from './remote/protocol.ts';
import { createRemoteEmbedder } from './remote/remote-embedder.ts';

type RemoteConfig = Exclude<EmbedderConfig, { readonly kind: 'hash-v1' }>;

const PROTOCOLS: Readonly<
  Record<RemoteConfig['kind'], (model: EmbeddingModel) => EmbeddingProtocol>
> = {
  openai: openAiProtocol,
  ollama: ollamaProtocol,
  google: googleProtocol,
};

/** The embedder of an installation. Throws `embedding.invalid` when nothing tells its dimensions. */
export function createEmbedder(config: EmbedderConfig, policy: CallPolicy = CALL_POLICY): Embedder {
  if (config.kind === 'hash-v1') return createHashEmbedder(config.dim);
  const { kind, model, baseUrl, apiKey } = config;
  const known = knownModel(model);
  const dim = config.dim ?? known?.dim;
  if (dim === undefined) {
    throw new AppError(
      'embedding.invalid',
      `how long the vectors of ${model} are is not known; set EMBEDDER_DIM`,
    );
  }
  const prefixes = known?.prefixes ?? NO_PREFIXES;
  // Asked for only where the model is known to have another length: many servers refuse the question.
  const askDim = known !== null && known.dim !== dim;
  const protocol = PROTOCOLS[kind]({ model, dim, baseUrl, apiKey, askDim });
  const revision = revisionOf({ dim, prefixes, bytes: LIMITS.embeddedTextBytes });
  return createRemoteEmbedder({
    ...{ ref: { id: `${kind}:${model}`, revision, dim }, protocol },
    ...{ prefixes, apiKey, policy },
  });
}

/** Changes with whatever we do to texts and vectors, so that no set is ever mixed. */
function revisionOf(settings: object): string {
  const digest = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
  return `1-${digest.slice(0, 8)}`;
}
