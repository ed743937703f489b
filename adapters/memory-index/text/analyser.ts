import { stemEnglish } from './stemmer.ts';
import { isStopWord } from './stop-words.ts';

const TOKEN = /[\p{L}\p{N}]+(?:'\p{L}+)?/gu;
/** What is longer is no word: encoded data would else fill the vocabulary. */
const MAX_TOKEN_LENGTH = 64;
const CACHE_SIZE = 50_000;

/** Token to term; null for a stop word. Emptied when full: common words are soon back. */
const cache = new Map<string, string | null>();

/**
 * The terms of a text in their order: lower-cased, without stop words, stemmed. Indexing, searching and
 * embedding use this one analyser; another one for any of them would miss what the others keep.
 */
export function analyse(text: string): string[] {
  const plain = text.normalize('NFKC').toLowerCase().replaceAll('’', "'");
  const terms: string[] = [];
  for (const [token] of plain.matchAll(TOKEN)) {
    if (token.length > MAX_TOKEN_LENGTH) continue;
    const term = termOf(token);
    if (term !== null) terms.push(term);
  }
  return terms;
}

/** How often each term occurs. */
export function countTerms(terms: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

function termOf(token: string): string | null {
  const known = cache.get(token);
  if (known !== undefined) return known;
  const word = token.endsWith("'s") ? token.slice(0, -2) : token;
  const term = isStopWord(word) ? null : stemEnglish(word);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(token, term);
  return term;
}
