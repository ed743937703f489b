import { isJsonObject, type Json } from '../../../contracts/json.ts';
import { methodUrl, type EmbeddingModel, type EmbeddingProtocol } from './protocol.ts';

/** The protocol of OpenAI's embeddings, which many servers speak. */
export function openAiProtocol(model: EmbeddingModel): EmbeddingProtocol {
  const { baseUrl, apiKey, dim, askDim } = model;
  return {
    url: methodUrl(baseUrl, 'embeddings'),
    headers: apiKey === null ? {} : { authorization: `Bearer ${apiKey}` },
    batchTexts: 32,
    body: (texts) => ({
      model: model.model,
      input: texts,
      // A quarter of the bytes; servers that do not know it answer with numbers.
      encoding_format: 'base64',
      ...(askDim ? { dimensions: dim } : {}),
    }),
    vectors: (answer) => (isJsonObject(answer) ? inOrder(answer['data']) : null),
  };
}

/** Vectors by their stated index, which need not be the order in which they come. */
function inOrder(data: Json | undefined): readonly Json[] | null {
  if (!Array.isArray(data)) return null;
  const vectors = new Map<number, Json>();
  for (const [position, item] of (data as readonly Json[]).entries()) {
    if (!isJsonObject(item)) return null;
    const { index = position, embedding } = item;
    if (typeof index !== 'number' || embedding === undefined || vectors.has(index)) return null;
    vectors.set(index, embedding);
  }
  const ordered = data.map((_, index) => vectors.get(index));
  return ordered.every((vector) => vector !== undefined) ? ordered : null;
}
