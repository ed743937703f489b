/** The terms of a text as the index has them. */
type Analyse = (text: string) => readonly string[];

/** How two texts relate, as far as words alone can tell. */
export type WordRelation =
  | { readonly kind: 'same'; readonly similarity: number }
  | { readonly kind: 'negated' }
  | { readonly kind: 'different'; readonly similarity: number };

/** Words that turn a statement round; they are no terms of it. */
const NEGATION = /\b(?:no longer|not|never|no|stopped|without|cannot|\p{L}+n['’]t)\b/giu;
/** Words that go along with a negation and say nothing of their own. */
const COMPANION = /\b(?:any ?more|do(?:es)?|did)\b/giu;
const NUMBER = /\p{N}+(?:[.,:]\p{N}+)*/gu;
const NAME = /(?<![\p{L}\p{N}])\p{Lu}[\p{L}\p{N}]*/gu;
/** Of five terms one may be more. */
const SAME_SHARE = 0.9;

/**
 * Compares a new text with a known one. They are the same when the new one says nothing that the known
 * one does not say, in the same order: who gives whom what is a matter of order. Numbers and names
 * that differ make them different however alike the rest is.
 */
export function relate(fresh: string, known: string, analyse: Analyse): WordRelation {
  const [a, b] = [contentTerms(fresh, analyse), contentTerms(known, analyse)];
  const similarity = dice(a, b);
  const isAlike = a.length > 0 && similarity >= SAME_SHARE && haveSameMarks(fresh, known, analyse);
  if (!isAlike || !isWithin(a, b)) return { kind: 'different', similarity };
  return isNegated(fresh) === isNegated(known) ? { kind: 'same', similarity } : { kind: 'negated' };
}

/** Whether two texts that mean about the same may be taken for one. */
export function mayBeOne(fresh: string, known: string, analyse: Analyse): boolean {
  return haveSameMarks(fresh, known, analyse) && isNegated(fresh) === isNegated(known);
}

function contentTerms(text: string, analyse: Analyse): readonly string[] {
  return analyse(text.replaceAll(NEGATION, ' ').replaceAll(COMPANION, ' '));
}

function haveSameMarks(a: string, b: string, analyse: Analyse): boolean {
  return marksOf(a, analyse) === marksOf(b, analyse);
}

/** Numbers and names in their order; the first word is written large whatever it is. */
function marksOf(text: string, analyse: Analyse): string {
  const numbers = text.match(NUMBER) ?? [];
  const names = text.replace(/^\P{L}*\p{L}+/u, '').match(NAME) ?? [];
  return JSON.stringify([numbers, analyse(names.join(' '))]);
}

/** Twice negated is not negated. */
function isNegated(text: string): boolean {
  return (text.match(NEGATION) ?? []).length % 2 === 1;
}

/** Whether the terms of one stand in the other in the same order. */
function isWithin(short: readonly string[], long: readonly string[]): boolean {
  let at = 0;
  for (const term of long) if (term === short[at]) at += 1;
  return at === short.length;
}

function dice(a: readonly string[], b: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const term of b) counts.set(term, (counts.get(term) ?? 0) + 1);
  let common = 0;
  for (const term of a) {
    const left = counts.get(term) ?? 0;
    if (left === 0) continue;
    counts.set(term, left - 1);
    common += 1;
  }
  return a.length + b.length === 0 ? 0 : (2 * common) / (a.length + b.length);
}
