import { analyse } from '../../memory-index/text/analyser.ts';
import { inverseDocumentFrequency } from '../../memory-index/lexical/bm25.ts';

/** Terms of a text by their places, for looking up. */
export interface TermPlaces {
  readonly terms: readonly string[];
  readonly places: ReadonlyMap<string, readonly number[]>;
}

/** Two terms of a query within so many terms of each other belong together. */
const NEAR = 8;

/** The terms of a text and where they are. */
export function placesOf(text: string): TermPlaces {
  const terms = analyse(text);
  const places = new Map<string, number[]>();
  for (const [place, term] of terms.entries()) {
    const known = places.get(term);
    if (known === undefined) places.set(term, [place]);
    else known.push(place);
  }
  return { terms, places };
}

/** How rare terms are among these texts. */
export function rarityAmong(texts: readonly TermPlaces[]): (term: string) => number {
  return (term) => {
    const containing = texts.filter(({ places }) => places.has(term)).length;
    return inverseDocumentFrequency(texts.length, containing);
  };
}

/** The share of a query's terms that a text has, rare ones counting more; 0 to 1. */
export function coverage(rarities: ReadonlyMap<string, number>, { places }: TermPlaces): number {
  let all = 0;
  let found = 0;
  for (const [term, rarity] of rarities) {
    all += rarity;
    if (places.has(term)) found += rarity;
  }
  return all === 0 ? 0 : found / all;
}

/** The share of a query's neighbouring terms that are together in a text too: 1 side by side, 0 far. */
export function proximity(query: TermPlaces, text: TermPlaces): number {
  const pairs = query.terms
    .slice(1)
    .map((term, index) => [query.terms[index] ?? '', term] as const);
  if (pairs.length === 0) return 0;
  const near = pairs.map(([first, second]) => {
    const distance = closest(text.places.get(first) ?? [], text.places.get(second) ?? []);
    return distance > NEAR ? 0 : 1 - (distance - 1) / NEAR;
  });
  return near.reduce((sum, value) => sum + value, 0) / pairs.length;
}

/** The least distance of a later place from an earlier one, in either order; both lists ascend. */
function closest(a: readonly number[], b: readonly number[]): number {
  let least = Infinity;
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const distance = (b[j] ?? 0) - (a[i] ?? 0);
    if (distance !== 0) least = Math.min(least, Math.abs(distance));
    if (distance > 0) i += 1;
    else j += 1;
  }
  return least;
}

/** The share of the names that a query mentions which a candidate is about; 0 when it mentions none. */
export function entityOverlap(
  mentioned: ReadonlySet<string>,
  names: readonly string[] | undefined,
): number {
  if (mentioned.size === 0 || names === undefined) return 0;
  const own = new Set(names.map(nameKey));
  return [...mentioned].filter((name) => own.has(name)).length / mentioned.size;
}

/** The names whose every term the query has. */
export function mentionedNames(query: TermPlaces, names: Iterable<string>): ReadonlySet<string> {
  const mentioned = new Set<string>();
  for (const name of names) {
    const terms = analyse(name);
    if (terms.length > 0 && terms.every((term) => query.places.has(term))) {
      mentioned.add(nameKey(name));
    }
  }
  return mentioned;
}

function nameKey(name: string): string {
  return analyse(name).join(' ');
}
