import { analyse } from '../../adapters/memory-index/text/analyser.ts';
import type { DocumentFrequencies } from '../../adapters/memory-index/dense/hash-embedder.ts';

/** In how many of the texts each term occurs. */
export function frequenciesOf(texts: readonly string[]): DocumentFrequencies {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const term of new Set(analyse(text))) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  return { documents: texts.length, containing: (term) => counts.get(term) ?? 0 };
}
