import { inverseDocumentFrequency } from '../lexical/bm25.ts';
import { analyse, countTerms } from '../text/analyser.ts';
import { murmur3 } from '../text/murmur3.ts';

/** In how many texts terms occur; of the same texts that are embedded. */
export interface DocumentFrequencies {
  readonly documents: number;
  /** 0 for a term never seen. */
  readonly containing: (term: string) => number;
}

const WORD_WEIGHT = 1;
const BIGRAM_WEIGHT = 0.5;
const GRAM_WEIGHT = 0.5;
const SHORTEST_GRAM = 3;
const LONGEST_GRAM = 5;
const CACHE_SIZE = 20_000;

interface Feature {
  count: number;
  /** Of all its occurrences. */
  raritySum: number;
  readonly weight: number;
}

const encoder = new TextEncoder();
const gramCache = new Map<string, Uint32Array>();

/**
 * The embedder `hash-v1`: words, pairs of them and pieces of them, hashed to signed dimensions. Needs no
 * model and knows no meanings, but forgives spelling. The same text, frequencies and dimensions give the
 * same vector; all zeros for a text of stop words only.
 */
export function embedByHash(
  text: string,
  frequencies: DocumentFrequencies,
  dimensions: number,
): Float32Array {
  const vector = new Float64Array(dimensions);
  for (const [hash, { count, raritySum, weight }] of featuresOf(analyse(text), frequencies)) {
    const value = weight * Math.log1p(count) * (raritySum / count);
    const index = (hash >>> 1) % dimensions;
    vector[index] = (vector[index] ?? 0) + ((hash & 1) === 0 ? value : -value);
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Float32Array.from(vector, (value) => (length === 0 ? 0 : value / length));
}

function featuresOf(
  terms: readonly string[],
  { documents, containing }: DocumentFrequencies,
): Map<number, Feature> {
  const features = new Map<number, Feature>();
  const add = (hash: number, weight: number, seen: Pick<Feature, 'count' | 'raritySum'>): void => {
    const feature = features.get(hash);
    if (feature === undefined) {
      features.set(hash, { weight, ...seen });
      return;
    }
    feature.count += seen.count;
    feature.raritySum += seen.raritySum;
  };
  const rarities = new Map<string, number>();
  for (const [term, count] of countTerms(terms)) {
    const rarity = inverseDocumentFrequency(documents, containing(term));
    rarities.set(term, rarity);
    const seen = { count, raritySum: rarity * count };
    add(hashOf(`w ${term}`), WORD_WEIGHT, seen);
    for (const gram of gramsOf(term)) add(gram, GRAM_WEIGHT, seen);
  }
  for (const [index, term] of terms.entries()) {
    const next = terms[index + 1];
    if (next === undefined) break;
    const raritySum = ((rarities.get(term) ?? 0) + (rarities.get(next) ?? 0)) / 2;
    add(hashOf(`b ${term} ${next}`), BIGRAM_WEIGHT, { count: 1, raritySum });
  }
  return features;
}

function hashOf(feature: string): number {
  return murmur3(encoder.encode(feature));
}

/** The pieces of `^term$`, hashed. */
function gramsOf(term: string): Uint32Array {
  const known = gramCache.get(term);
  if (known !== undefined) return known;
  const letters = Array.from(`^${term}$`);
  const hashes: number[] = [];
  for (let size = SHORTEST_GRAM; size <= LONGEST_GRAM; size += 1) {
    for (let start = 0; start + size <= letters.length; start += 1) {
      hashes.push(hashOf(letters.slice(start, start + size).join('')));
    }
  }
  if (gramCache.size >= CACHE_SIZE) gramCache.clear();
  const grams = Uint32Array.from(hashes);
  gramCache.set(term, grams);
  return grams;
}
