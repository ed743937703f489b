import { isJsonObject, type Json } from '../../../contracts/json.ts';
import type { EmbedUse } from '../port.ts';
import { methodUrl, type EmbeddingModel, type EmbeddingProtocol } from './protocol.ts';

const TASKS: Readonly<Record<EmbedUse, string>> = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
};

/** The protocol of Google's `batchEmbedContents`, which tells questions from documents. */
export function googleProtocol(model: EmbeddingModel): EmbeddingProtocol {
  const { baseUrl, apiKey, dim, askDim } = model;
  const name = `models/${model.model}`;
  return {
    url: methodUrl(baseUrl, `${name}:batchEmbedContents`),
    // In a header: addresses are logged by many.
    headers: apiKey === null ? {} : { 'x-goog-api-key': apiKey },
    batchTexts: 100,
    body: (texts, use) => ({
      requests: texts.map((text) => ({
        model: name,
        content: { parts: [{ text }] },
        taskType: TASKS[use],
        ...(askDim ? { outputDimensionality: dim } : {}),
      })),
    }),
    vectors: (answer) => {
      const list = isJsonObject(answer) ? answer['embeddings'] : undefined;
      if (!Array.isArray(list)) return null;
      return (list as readonly Json[]).map((item) =>
        isJsonObject(item) ? (item['values'] ?? null) : null,
      );
    },
  };
}
