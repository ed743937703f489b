import { isJsonObject, type Json } from '../../../contracts/json.ts';
import { methodUrl, type EmbeddingModel, type EmbeddingProtocol } from './protocol.ts';

/** The protocol of Ollama's `/api/embed`. */
export function ollamaProtocol(model: EmbeddingModel): EmbeddingProtocol {
  const { baseUrl, apiKey, dim, askDim } = model;
  return {
    url: methodUrl(baseUrl, 'api/embed'),
    headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
    batchTexts: 32,
    body: (texts) => ({
      model: model.model,
      input: texts,
      truncate: true,
      ...(askDim ? { dimensions: dim } : {}),
    }),
    vectors: (answer) => {
      const vectors = isJsonObject(answer) ? answer['embeddings'] : undefined;
      return Array.isArray(vectors) ? (vectors as readonly Json[]) : null;
    },
  };
}
